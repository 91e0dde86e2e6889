# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import ApiRequest, ApiToken, AuditEntry
from issuer.services import api_tokens, merging, persons
from issuer.services.api_tokens import Wanted
from issuer.services.permissions import Actor, Scope
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Person

DAY = timedelta(days=1)


@pytest.fixture
def dora(session: Session) -> Person:
    return persons.ensure(session, "dora", now=NOW)


def actor(person: Person) -> Actor:
    return Actor(username=person.username, person_id=person.id)


def make(session: Session, person: Person, name: str = "laptop", **changes: object) -> str:
    values = {"name": name, "scopes": [Scope.AWARDS_READ], "expires_at": NOW + DAY, **changes}
    return api_tokens.make(session, actor(person), person, Wanted(**values), now=NOW)[1]


def test_a_token_is_random_checked_and_kept_as_a_hash(session: Session, dora: Person) -> None:
    texts = {make(session, dora, str(n)) for n in range(3)}
    assert len(texts) == 3
    for text in texts:
        assert api_tokens.FORM.fullmatch(text)
        assert api_tokens.is_wellformed(text)
        found = api_tokens.find(session, text)
        assert found is not None
        assert found[1] is dora
        wrong = text[:10] + ("a" if text[10] != "a" else "b") + text[11:]
        assert not api_tokens.is_wellformed(wrong)
        assert api_tokens.find(session, wrong) is None
    kept = str([vars(row) for row in session.scalars(select(ApiToken))])
    noted = str([vars(row) for row in session.scalars(select(AuditEntry))])
    for text in texts:
        assert text not in kept + noted
        assert text[:8] in kept  # by which it is known again
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
    assert entry is not None
    assert (entry.action, entry.actor, entry.subject_type) == ("token.make", "dora", "token")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 61},
        {"name": "a\u202eb"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_at": NOW},
        {"expires_at": NOW + timedelta(days=367)},
    ],
)
def test_what_no_token_can_be_is_refused(
    session: Session, dora: Person, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError):
        make(session, dora, **changes)
    assert session.scalars(select(ApiToken)).all() == []


def test_names_are_told_apart_and_there_is_an_end(session: Session, dora: Person) -> None:
    make(session, dora)
    with pytest.raises(ConflictError, match="of that name"):
        make(session, dora, " LAPTOP ")
    for n in range(api_tokens.MAX_TOKENS - 1):
        make(session, dora, str(n))
    with pytest.raises(ConflictError, match="20 are enough"):
        make(session, dora, "one more")
    make(session, persons.ensure(session, "boris", now=NOW))


def test_a_revoked_token_is_listed_for_a_while_and_then_forgotten(
    session: Session, dora: Person
) -> None:
    make(session, dora)
    (token,) = api_tokens.listed(session, dora, now=NOW)
    boris = persons.ensure(session, "boris", now=NOW)
    with pytest.raises(NotFoundError):
        api_tokens.revoke(session, actor(boris), boris, token.id, now=NOW)
    assert api_tokens.revoke(session, actor(dora), dora, token.id, now=NOW)
    assert not api_tokens.revoke(session, actor(dora), dora, token.id, now=NOW)
    assert not api_tokens.is_live(token, NOW)
    make(session, dora)  # the name is free
    assert len(api_tokens.listed(session, dora, now=NOW)) == 2
    assert api_tokens.listed(session, dora, now=NOW + 32 * DAY) == []
    api_tokens.make(
        session,
        actor(dora),
        dora,
        Wanted(name="new", scopes=list(Scope), expires_at=NOW + 60 * DAY),
        now=NOW + 32 * DAY,
    )
    assert session.scalars(select(ApiToken.name)).all() == ["new"]


def test_all_of_a_person_end_together(session: Session, dora: Person) -> None:
    make(session, dora, "a")
    make(session, dora, "b")
    admin = Actor(username="root")
    assert api_tokens.revoke_all(session, admin, dora, now=NOW) == 2
    assert api_tokens.revoke_all(session, admin, dora, now=NOW) == 0
    actors = session.scalars(select(AuditEntry.actor).filter_by(action="token.revoke")).all()
    assert actors == ["root", "root"]


def test_tokens_of_an_account_that_is_merged_do_not_speak_for_the_other(
    session: Session, dora: Person
) -> None:
    text = make(session, dora)
    session.add(ApiRequest(person_id=dora.id, key="k", digest="d", created_at=NOW))
    kept = persons.ensure(session, "theodora", now=NOW)
    own = make(session, kept)
    merging.merge(session, Actor(username="root"), kept, dora, now=NOW)
    assert api_tokens.find(session, text) is None
    assert api_tokens.find(session, own) is not None
    assert session.scalars(select(ApiRequest)).all() == []


def test_when_a_token_was_used_is_noted_now_and_then(session: Session, dora: Person) -> None:
    make(session, dora)
    (token,) = api_tokens.listed(session, dora, now=NOW)
    assert not api_tokens.is_noted(token, NOW)
    api_tokens.note_use(session, token.id, now=NOW)
    session.refresh(token)
    assert api_tokens.is_noted(token, NOW + timedelta(minutes=4))
    assert not api_tokens.is_noted(token, NOW + timedelta(minutes=6))
