# SPDX-License-Identifier: AGPL-3.0-or-later
"""The JSON-LD processor (PyLD), kept from the network and from half-read documents.

Every context is loaded and bounded before the processor runs; whatever it still asks for is
refused. One lock guards it, because its caches are not made for threads.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NoReturn

from openbadges.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Relative references stay recognisable, and relative, against this base.
BASE: Final = "relative://document/"
_NETWORK = ("requests", "aiohttp")
_PROTECTED = frozenset({"protected term redefinition", "invalid context nullification"})
# What the processor raises on input that nobody foresaw.
_BREAKDOWNS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_lock = Lock()


def _import_processor() -> Any:
    """Import PyLD without its network: on import it opens a session of ``requests`` if it can."""
    hidden = {name: None for name in _NETWORK if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how Python spells "not there"
    try:
        return importlib.import_module("pyld.jsonld")
    finally:
        for name in hidden:
            del sys.modules[name]


_processor: Any = _import_processor()


def expand(document: object, contexts: Mapping[str, Any]) -> list[Any]:
    """Return the expanded form of a document whose contexts are all given, by URL.

    Raises `MalformedError`: it is no sound JSON-LD, or gives a core term another meaning.
    """
    result: list[Any] = _run(_processor.expand, document, contexts)
    return result


def compact(document: object, context: object, contexts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a document that a context gives it, without the context itself.

    Raises `MalformedError`: as `expand`.
    """
    result: dict[str, Any] = _run(_processor.compact, document, contexts, context)
    result.pop("@context", None)
    return result


def _run(
    action: Callable[..., Any], document: object, contexts: Mapping[str, Any], *more: object
) -> Any:
    def load(url: str, _options: object) -> dict[str, Any]:
        if url not in contexts:
            _refuse(url)
        return {
            "documentUrl": url,
            "contextUrl": None,
            "contentType": "application/ld+json",
            "document": contexts[url],
        }

    try:
        with _lock, warnings.catch_warnings():
            # It warns of names that it then ignores, as JSON-LD wants it.
            warnings.simplefilter("ignore", SyntaxWarning)
            return action(document, *more, {"documentLoader": load, "base": BASE})
    except _processor.JsonLdError as error:
        raise MalformedError(_reason(error)) from error
    except _BREAKDOWNS as error:
        raise MalformedError(f"JSON-LD cannot be processed ({type(error).__name__})") from error


def _refuse(url: str) -> NoReturn:
    raise LookupError(url)


def _reason(error: Any) -> str:
    """Say what is wrong; the cause that lies deepest is the one to name."""
    code = getattr(error, "code", None)
    while error is not None and code is None:
        error = error.__cause__ or error.__context__
        code = getattr(error, "code", None)
    if code in _PROTECTED:
        return "JSON-LD: a context gives a term of Open Badges another meaning"
    return f"JSON-LD: {code or 'the document cannot be processed'}"
