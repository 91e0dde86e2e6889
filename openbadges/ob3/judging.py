# SPDX-License-Identifier: AGPL-3.0-or-later
"""Judges credentials of version 3.0 in numbered checks, each of which is reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from openbadges.baking import CREDENTIAL_KEYWORD, media_type, unbake
from openbadges.errors import (
    MalformedError,
    OpenBadgesError,
    VerificationError,
)
from openbadges.ob3.endorsements import MAX_ENDORSEMENTS, Link, carried
from openbadges.ob3.proofs import check_proof, proof_of
from openbadges.ob3.reading import Credential, is_credential, is_endorsement, read
from openbadges.ob3.resolving import find_key
from openbadges.ob3.revocations import is_same, key_name, look_up
from openbadges.ob3.tokens import open_token
from openbadges.ob3.vocabulary import BADGE, ENDORSEMENT
from openbadges.serialization import loads_object
from openbadges.signing import peek
from openbadges.times import format_time
from openbadges.verification.cases import ExpiredError, NotApplicableError
from openbadges.verification.forms import NothingBakedError
from openbadges.verification.inputs import Input, read_input
from openbadges.verification.meanings import meaning
from openbadges.verification.recipients import find_recipient
from openbadges.verification.reports import Check, Endorsed, Outcome, Report, Verdict
from openbadges.verification.sentences import clean, opening, remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from openbadges.keys import PublicKey
    from openbadges.verification.documents import Documents

SKEW = timedelta(minutes=5)
#: Members that prove a credential, or repeat in a token what it says.
PROVING = frozenset({"proof", "iss", "jti", "sub", "nbf", "exp", "iat"})


@dataclass(slots=True, kw_only=True)
class Found:
    """A credential that was handed in, and what the checks found. They fill it in order."""

    given: Input
    document: dict[str, Any]
    token: str = ""
    credential: Credential | None = None
    key: PublicKey | None = None
    now: datetime | None = None
    recipients: Sequence[str] = ()
    recipient: str = ""
    notes: list[str] = field(default_factory=list)
    # Whether the signature was found to hold: what is in it is the issuer's word.
    is_signed: bool = False
    # Whether this is an endorsement inside another credential.
    nested: bool = False
    endorsements: list[Endorsed] = field(default_factory=list)


def find(source: str | bytes | dict[str, Any], documents: Documents) -> Found | None:
    """Return the credential of version 3.0 that a source is, or None where it is something else."""
    try:
        given = _input(source)
        inside = _input(documents.answer(given.url).body) if given.url else given
        token, document = inside.token, inside.document
        if token:
            document = loads_object(peek(token)[1])
    except OpenBadgesError:
        return None  # whatever it is: the checks of version 2.0 say what is wrong with it
    if document is None or not is_credential(document):
        return None
    return Found(given=given, document=document, token=token)


def _input(source: str | bytes | dict[str, Any]) -> Input:
    """Return what a source is; of a picture that holds no older badge, its credential."""
    try:
        return read_input(source)
    except NothingBakedError:
        # An older badge that cannot be read is not passed over: the picture does not hold.
        if not isinstance(source, bytes):
            raise
        inside = read_input(unbake(source, CREDENTIAL_KEYWORD, thorough=True))
        kind = f"{inside.kind} baked into {media_type(source)}"
        return Input(kind=kind, baked=True, token=inside.token, document=inside.document)


def judge(
    found: Found, documents: Documents, *, now: datetime, recipients: Sequence[str]
) -> Report:
    """Return whether a credential holds, with every check that was made (Open Badges 3.0, 9)."""
    found.now, found.recipients = now, recipients
    verdict, decisive, checks = _judged(found, documents)
    until = found.credential.valid_until if found.credential else None
    return Report(
        verdict=verdict,
        sentence=_sentence(found, verdict, decisive.message, now),
        remedy=remedy(verdict, decisive.id),
        checks=checks,
        documents=tuple(documents.fetched),
        verified_at=format_time(now),
        notes=(*documents.notes, *found.notes),
        subject=ENDORSEMENT if is_endorsement(found.document) else BADGE,
        document=found.document,
        recipient=found.recipient,
        key_id=found.key.id if found.key else "",
        algorithm=found.key.algorithm if found.key else "",
        source=found.given.kind,
        method="signed",
        valid_until=format_time(until) if until and verdict is Verdict.VALID else "",
        endorsements=tuple(found.endorsements),
    )


def _judged(found: Found, documents: Documents) -> tuple[Verdict, Check, tuple[Check, ...]]:
    """Return the gravest verdict, the first check that led to it, and all of them."""
    results = [_run(number, step, found, documents) for number, step in enumerate(STEPS, 1)]
    verdict = min((result[1] for result in results), key=list(Verdict).index)
    decisive = next(check for check, each in results if each is verdict)
    return verdict, decisive, tuple(check for check, _ in results)


class Step(NamedTuple):
    """One check: its id, what it does, the clause that asks for it, and what it needs before."""

    id: str
    run: Callable[[Found, Documents], str]
    clause: str
    needs: tuple[str, ...] = ()


def _read(found: Found, _documents: Documents) -> str:
    found.credential = read(found.document)
    if found.credential.endorsed:
        return f"it is an endorsement of {clean(found.credential.endorsed)}"
    return f"it is a credential of the badge {clean(found.credential.name)!r}"


def _find_key(found: Found, documents: Documents) -> str:
    """Find the key, and see that it is the issuer's: nobody else may speak for it."""
    method = _method(found)
    key, controller = find_key(method, documents)
    issuer = _known(found).issuer
    if controller and controller != issuer:
        raise VerificationError(f"key: {method} belongs to {controller}, the issuer is {issuer}")
    if not controller and not is_same(method, issuer):
        raise VerificationError(f"key: nothing says that {method} is the key of {issuer}")
    found.key = key
    return f"{method} is a key of the issuer"


def _check_signature(found: Found, _documents: Documents) -> str:
    if found.key is None:
        raise VerificationError("signature: there is no key")
    if found.token:
        found.document = open_token(found.token, found.key)
    else:
        check_proof(found.document, found.key)
    found.is_signed = True
    return "the signature holds"


def _refresh(found: Found, documents: Documents) -> str:
    """Ask once for the credential as it is now; without a sound answer the one at hand is judged.

    Only after the proof, so that nobody but the issuer sends a verifier anywhere.
    """
    url = _known(found).refresh
    if not url or found.nested:
        raise NotApplicableError("the credential names nowhere to ask for a newer one")
    try:
        newer = _newer(url, found, documents)
    except OpenBadgesError as error:
        raise NotApplicableError(
            f"no newer credential was found, so this one was judged ({error})"
        ) from error
    if newer.document == found.document or (
        found.token and _said(newer.document) == _said(found.document)
    ):
        return "it says what its issuer says now"
    found.document, found.token = newer.document, newer.token
    found.credential, found.key = newer.credential, newer.key
    found.notes.append(f"its issuer has it in a newer form, which was judged: {url}")
    return f"{url} holds a newer one, which was judged"


def _said(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a credential says in either form, without how that is proven."""
    return {name: value for name, value in document.items() if name not in PROVING}


def _newer(url: str, found: Found, documents: Documents) -> Found:
    """Return what the address answers, if it is the same credential of the same issuer."""
    body = documents.own_body(url).strip()
    token = "" if body.startswith(b"{") else body.decode("ascii", "replace")
    document = loads_object(peek(token)[1] if token else body)
    newer = Found(given=found.given, document=document, token=token)
    for step in (_read, _find_key, _check_signature):
        step(newer, documents)
    before, after = _known(found), _known(newer)
    if (after.id, after.issuer) != (before.id, before.issuer):
        raise VerificationError(f"{url} answers another credential")
    return newer


def _check_status(found: Found, documents: Documents) -> str:
    """Look into the issuer's lists; a list that cannot be read proves nothing."""
    known = _known(found)
    if not known.statuses:
        raise NotApplicableError("the credential names no list of revocations")
    for status in known.statuses:
        look_up(status, known.issuer, documents)
    return "the issuer's list does not revoke it"


def _check_start(found: Found, _documents: Documents) -> str:
    start = _known(found).valid_from
    if found.now is not None and start > found.now + SKEW:
        raise VerificationError(f"it only holds from {format_time(start)}")
    return f"it holds since {format_time(start)}"


def _check_end(found: Found, _documents: Documents) -> str:
    end = _known(found).valid_until
    if end is None:
        raise NotApplicableError("the credential has no end")
    if found.now is not None and end <= found.now:
        raise ExpiredError(f"it held until {format_time(end)}")
    return f"it holds until {format_time(end)}"


def _check_recipient(found: Found, _documents: Documents) -> str:
    if _known(found).endorsed:
        raise NotApplicableError("an endorsement is awarded to nobody")
    if not found.recipients:
        raise NotApplicableError("nobody asked whom it was awarded to")
    for recipient in _known(found).recipients:
        try:
            found.recipient, notes = find_recipient(recipient, found.recipients)
        except VerificationError:
            continue
        found.notes.extend(notes)
        return f"it was awarded to {found.recipient}"
    raise VerificationError(f"the badge was not awarded to {', '.join(found.recipients)}")


def _check_links(found: Found, documents: Documents) -> str:
    """Judge the endorsements that the issuer signed along with the badge.

    One that was false from the start makes a false badge. One that its endorser withdrew, or that
    cannot be checked now, says nothing about the badge, which was signed for good: it is listed.
    """
    if found.nested or _known(found).endorsed:
        raise NotApplicableError("endorsements of an endorser are not followed")
    links = list(carried(found.document))
    if not links:
        raise NotApplicableError("no endorsement is in it")
    if len(links) > MAX_ENDORSEMENTS:
        found.notes.append(f"of {len(links)} endorsements {MAX_ENDORSEMENTS} were looked at")
    for link in links[:MAX_ENDORSEMENTS]:
        _judge_link(link, found, documents)
    held = sum(each.verdict is Verdict.VALID for each in found.endorsements)
    return f"{held} of {min(len(links), MAX_ENDORSEMENTS)} endorsements in it hold"


def _judge_link(link: Link, found: Found, documents: Documents) -> None:
    token = link.given if isinstance(link.given, str) else ""
    document = loads_object(peek(token)[1]) if token else link.given
    if not isinstance(document, dict) or not is_endorsement(document):
        raise MalformedError("an endorsement in it is no EndorsementCredential")
    given = Input(kind="endorsement", token=token, document=document)
    inner = Found(given=given, document=document, token=token, now=found.now, nested=True)
    verdict, decisive, _ = _judged(inner, documents)
    known = inner.credential
    name = clean(str(document.get("id", "")))
    if known is None or (verdict is Verdict.INVALID and decisive.id == "signature"):
        raise VerificationError(f"endorsement {name}: {decisive.message}")
    found.endorsements.append(
        Endorsed(
            id=known.id,
            endorsed=known.endorsed,
            issuer=known.issuer,
            issuer_name=known.issuer_name,
            comment=known.comment,
            issued_on=format_time(known.valid_from),
            verdict=verdict,
            sentence=_sentence(inner, verdict, decisive.message, found.now or known.valid_from),
        )
    )
    if verdict is not Verdict.VALID:
        found.notes.append(f"endorsement {name}: {decisive.message}")
    if known.endorsed != link.endorsed:
        found.notes.append(f"endorsement {name} endorses something else: {clean(known.endorsed)}")


_OB3 = "Open Badges 3.0"
STEPS = (
    Step("data", _read, f"{_OB3}, appendix B; Verifiable Credentials 2.0, section 4"),
    Step("key", _find_key, f"{_OB3}, section 9.1", ("data",)),
    Step("signature", _check_signature, f"{_OB3}, sections 8.2 and 8.3", ("key",)),
    Step("refresh", _refresh, f"{_OB3}, section 9.1; Credential Refresh", ("signature",)),
    Step("revocation", _check_status, f"{_OB3}, section 9.1; Bitstring Status List", ("key",)),
    Step("issued", _check_start, "Verifiable Credentials 2.0, section 4.9", ("data",)),
    Step("expiry", _check_end, "Verifiable Credentials 2.0, section 4.9", ("data",)),
    Step("recipient", _check_recipient, f"{_OB3}, IdentityObject", ("data",)),
    Step("links", _check_links, f"{_OB3}, EndorsementCredential", ("data", "signature")),
)


def _run(number: int, step: Step, found: Found, documents: Documents) -> tuple[Check, Verdict]:
    ready = {
        "data": found.credential is not None,
        "key": found.key is not None,
        "signature": found.is_signed,
    }
    missing = [need for need in step.needs if not ready[need]]
    if missing:
        outcome, verdict = Outcome.SKIPPED, Verdict.UNVERIFIABLE
        message = f"not reached, because the check '{missing[0]}' did not pass"
    else:
        try:
            message, outcome, verdict = step.run(found, documents), Outcome.PASSED, Verdict.VALID
        except OpenBadgesError as error:
            (outcome, verdict), message = meaning(error), str(error)
    return Check(number, step.id, outcome, message, step.clause), verdict


def _known(found: Found) -> Credential:
    if found.credential is None:
        raise MalformedError("the credential could not be read")
    return found.credential


def _method(found: Found) -> str:
    if found.token:
        return key_name(found.token)
    return str(proof_of(found.document)["verificationMethod"])


def _sentence(found: Found, verdict: Verdict, reason: str, now: datetime) -> str:
    if verdict is not Verdict.VALID or found.credential is None:
        return opening(verdict, reason, is_endorsement=is_endorsement(found.document))
    known = found.credential
    if known.endorsed:
        return (
            f"This endorsement is valid: {clean(known.issuer_name)} endorsed "
            f"{clean(known.endorsed)} on {format_time(known.valid_from)[:10]}, the signature is "
            f"the issuer's, and it is not revoked (checked {format_time(now)})."
        )
    to_whom = f" to {clean(found.recipient)}" if found.recipient else ""
    return (
        f"This badge is valid: {clean(known.issuer_name)} awarded \u201c{clean(known.name)}\u201d"
        f"{to_whom} on {format_time(known.valid_from)[:10]}, the signature is the issuer's, and it "
        f"is not revoked (checked {format_time(now)})."
    )
