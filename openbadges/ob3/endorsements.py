# SPDX-License-Identifier: AGPL-3.0-or-later
"""EndorsementCredentials: what somebody says in favour of a badge, and where it is carried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openbadges.jsonld.loading import as_list
from openbadges.ob3.vocabulary import CREDENTIALS, ENDORSEMENT, OPEN_BADGES, UNSURE
from openbadges.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from openbadges.ob3.credentials import Issuer

#: So many of a credential are judged; none of what they carry themselves is.
MAX_ENDORSEMENTS: Final = 10
SUBJECT: Final = "EndorsementSubject"
_SPACES = str.maketrans(dict.fromkeys(UNSURE, " "))


class Link(NamedTuple):
    """An endorsement that a credential carries, and the id of what it is said to endorse."""

    endorsed: str
    given: object  # a document with a proof, or the text of a token


def endorsement(
    credential_id: str,
    issuer: Issuer,
    endorsed: str,
    comment: str,
    *,
    name: str,
    valid_from: datetime,
    status: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an EndorsementCredential that nobody signed yet; ``endorsed`` is what it is about."""
    subject = {"id": endorsed, "type": [SUBJECT]}
    if comment:
        subject["endorsementComment"] = comment.translate(_SPACES)
    document = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": credential_id,
        "type": ["VerifiableCredential", ENDORSEMENT],
        "name": name.translate(_SPACES),
        "issuer": issuer.to_dict(),
        "validFrom": format_time(valid_from),
        "credentialSubject": subject,
    }
    return {**document, "credentialStatus": dict(status)} if status else document


def carry(
    document: dict[str, Any], endorsements: Mapping[str, Iterable[dict[str, Any] | str]]
) -> dict[str, Any]:
    """Return a credential that nobody signed yet with endorsements, each where what it is about is.

    They are given by the id of what they endorse: of the credential, its achievement or its issuer.
    Documents stand in ``endorsement``, tokens in ``endorsementJwt``; none is changed.
    """
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    return {
        **_with(document, endorsements),
        "issuer": _with(document["issuer"], endorsements),
        "credentialSubject": {**subject, "achievement": _with(achievement, endorsements)},
    }


def carried(document: dict[str, Any]) -> Iterator[Link]:
    """Return the endorsements in a credential of strangers, in whatever form they are."""
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    for part in (document, achievement, document.get("issuer")):
        if isinstance(part, dict):
            for given in (*as_list(part.get("endorsement")), *as_list(part.get("endorsementJwt"))):
                yield Link(str(part.get("id", "")), given)


def _with(
    part: dict[str, Any], endorsements: Mapping[str, Iterable[dict[str, Any] | str]]
) -> dict[str, Any]:
    given = list(endorsements.get(part["id"], ()))
    documents = [each for each in given if not isinstance(each, str)]
    tokens = [each for each in given if isinstance(each, str)]
    members = {"endorsement": documents, "endorsementJwt": tokens}
    return {**part, **{name: values for name, values in members.items() if values}}
