# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every address for programs of members is made of: its token, its limits, its description.

An address is declared once, by `operation`: that routes it, guards it, and puts it into the
OpenAPI document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from flask import Blueprint
from werkzeug.wrappers import Response

from issuer import bearers, limits
from issuer.access import needs
from issuer.api.requests import InvalidRequestError
from issuer.errors import AccountsAwayError, InvalidInputError
from issuer.limits import limiter
from issuer.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import BaseModel
    from werkzeug.exceptions import RequestEntityTooLarge

    View = TypeVar("View", bound=Callable[..., Response])

blueprint = Blueprint("programs", __name__, url_prefix="/api/v1")

JSON = "application/json"
#: Tokens that are none, from one caller: whoever tries many is guessing.
MISSES = "30 per minute"
RETRY_SECONDS = "10"
#: What any of them may answer, whatever else it does.
ALWAYS = (401, 403, 429, 503)


@dataclass(frozen=True, slots=True)
class Argument:
    """What a query may name: what it means, and which values it takes, as a JSON schema."""

    what: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})

    @classmethod
    def one_of(cls, what: str, *values: str) -> Argument:
        """Return an argument that takes these values alone."""
        return cls(what, {"type": "string", "enum": list(values)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An address as the OpenAPI document describes it."""

    method: str
    path: str  # below the blueprint
    name: str
    summary: str
    details: str
    needs: str
    takes: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | str | None]  # a model, a media type, or no body
    problems: Sequence[int]
    arguments: Mapping[str, Argument]  # of the query
    counts_once: bool


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    what: str,
    answers: Mapping[int, type[BaseModel] | str | None],
    takes: type[BaseModel] | None = None,
    problems: Sequence[int] = (),
    arguments: Mapping[str, Argument] | None = None,
    counts_once: bool = False,
) -> Callable[[View], View]:
    """Route a view for whoever brings a token that is good for ``what``, and describe it."""

    def declare(view: View) -> View:
        summary, _, details = (view.__doc__ or "").partition("\n\n")
        reads = (400, 413, 415, 422) if takes else ()
        OPERATIONS.append(
            Operation(
                method=method,
                path=path,
                name=view.__name__,
                summary=" ".join(summary.split()),
                details=" ".join(details.split()),
                needs=what,
                takes=takes,
                answers=answers,
                problems=sorted({*ALWAYS, *reads, *problems}),
                arguments=arguments or {},
                counts_once=counts_once,
            )
        )
        blueprint.add_url_rule(path, view.__name__, needs(what)(view), methods=[method])
        return view

    return declare


def answer(model: BaseModel, status: int = 200) -> Response:
    """Return a model as JSON."""
    return Response(model.model_dump_json(), status, content_type=JSON)


@blueprint.errorhandler(InvalidRequestError)
def _invalid(error: InvalidRequestError) -> Response:
    return problem(422, f"{error}.", errors=error.mistakes)


@blueprint.errorhandler(InvalidInputError)
def _unfit(error: InvalidInputError) -> Response:
    return problem(422, str(error))


@blueprint.errorhandler(413)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    return problem(413, "the body is larger than is accepted: send less at once")


@blueprint.errorhandler(AccountsAwayError)
def _away(_error: AccountsAwayError) -> Response:
    response = problem(503, "the directory of accounts does not answer now: try again later")
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _is_a_miss(response: Response) -> bool:
    return response.status_code == 401


# Of the blueprint, because these are looked at before anybody asks whose the token is.
# Many programs may speak from one address: whoever guesses there keeps none with a good token out.
limiter.shared_limit(
    MISSES,
    "tokens",
    key_func=limits.caller,
    deduct_when=_is_a_miss,
    exempt_when=bearers.is_good,
)(blueprint)
limiter.shared_limit(bearers.calls, "programs", key_func=bearers.counted_for)(blueprint)
