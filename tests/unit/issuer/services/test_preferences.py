# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from issuer.errors import GoneError, InvalidInputError, NotFoundError
from issuer.services import awards, emails, persons, preferences, profiles
from issuer.services.preferences import Profile
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.site import Site

PLAIN = Profile(display_name="Asha", bio="I *test*.", website="", locale="", theme="")


@pytest.fixture
def asha(session: Session) -> Person:
    return persons.ensure(session, "asha", now=NOW)


def test_a_profile_is_kept_as_it_was_meant(session: Session, asha: Person) -> None:
    wanted = Profile(
        display_name="  Asha \t Raman ",
        bio="One\r\ntwo\n",
        website=" https://asha.example/ ",
        locale="de",
        theme="dark",
    )
    preferences.change_profile(session, asha, wanted, locales=["en", "de"])
    assert (asha.display_name, asha.bio) == ("Asha Raman", "One\ntwo")
    assert (asha.website, asha.locale, asha.theme) == ("https://asha.example/", "de", "dark")
    preferences.change_profile(session, asha, replace(PLAIN, display_name=""), locales=[])
    assert (asha.display_name, asha.website, asha.locale, asha.theme) == ("", "", None, None)


def test_a_name_of_any_script_is_kept_and_one_of_blanks_is_none(
    session: Session, asha: Person
) -> None:
    """Hindi and emoji hold joiners; a Hangul filler looks like nothing."""
    for given, kept in (
        ("श्री\u200cमान", "श्री\u200cमान"),
        ("👩\u200d💻 Mia", "👩\u200d💻 Mia"),
        ("Rene\u0301", "Ren\u00e9"),
        ("\u2800 \u3164", ""),
    ):
        wanted = replace(PLAIN, display_name=given)
        preferences.change_profile(session, asha, wanted, locales=[])
        assert asha.display_name == kept


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"display_name": "x" * 101}, "name"),
        ({"display_name": "as\u200cha"}, "name"),
        ({"display_name": "श्री\u200c"}, "name"),
        ({"display_name": "a\u202eb"}, "name"),
        ({"display_name": "a\u200bb"}, "name"),
        ({"bio": "x" * 2001}, "about you"),
        ({"bio": "a\u2066b"}, "about you"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://x.example/" + "x" * 300}, "website"),
        ({"website": "https://x example/"}, "website"),
        ({"locale": "xx"}, "language"),
        ({"theme": "pink"}, "theme"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_changes_nothing(
    session: Session, asha: Person, change: dict[str, str], named: str
) -> None:
    with pytest.raises(InvalidInputError, match=named):
        preferences.change_profile(session, asha, replace(PLAIN, **change), locales=["en"])
    assert (asha.display_name, asha.bio) == ("", "")


def test_a_picture_is_that_of_a_proven_address_of_ones_own(session: Session, asha: Person) -> None:
    mine = emails.add(session, asha, "asha@example.net", now=NOW)
    with pytest.raises(InvalidInputError, match="not proven"):
        preferences.choose_portrait(session, asha, mine.id)
    mine.verified_at = NOW
    chosen = preferences.choose_portrait(session, asha, mine.id)
    assert chosen == hashlib.sha256(b"asha@example.net").hexdigest() == asha.avatar_hash
    assert preferences.portrait_of(session, "ASHA") == chosen
    boris = persons.ensure(session, "boris", now=NOW)
    with pytest.raises(NotFoundError):
        preferences.choose_portrait(session, boris, mine.id)
    assert preferences.choose_portrait(session, asha, None) is None
    assert preferences.portrait_of(session, "asha") == ""
    preferences.choose_portrait(session, asha, mine.id)
    emails.remove(session, asha, mine.id)
    assert preferences.portrait_of(session, "asha") == ""


def test_whoever_is_hidden_has_no_picture(session: Session, asha: Person) -> None:
    asha.opted_out = True
    with pytest.raises(NotFoundError, match="not known here"):
        preferences.portrait_of(session, "asha")
    asha.erased_at = NOW
    with pytest.raises(GoneError):
        preferences.portrait_of(session, "asha")


def test_held_badges_are_pinned_in_the_chosen_order(
    session: Session, site: Site, asha: Person
) -> None:
    for name in ("One", "Two", "Three"):
        give(session, make_badge(session, site, name), "asha")
    make_badge(session, site, "Not Mine")
    preferences.pin(session, asha, {"one": 2, "two": 1, "three": 0})
    shown = preferences.trophies(session, asha)
    assert [(each.slug, each.place) for each in shown] == [("two", 1), ("one", 2), ("three", 0)]
    pinned = profiles.highlights(session, profiles.profile(session, "asha")).pinned
    assert [award.badge.slug for award in pinned] == ["two", "one"]
    with pytest.raises(InvalidInputError, match="'not-mine': is none of yours"):
        preferences.pin(session, asha, {"not-mine": 1})


def test_a_badge_that_was_taken_back_is_not_offered(
    session: Session, site: Site, asha: Person
) -> None:
    given = give(session, make_badge(session, site), "asha")
    preferences.pin(session, asha, {"first-steps": 1})
    awards.revoke(session, given.award, "a mistake", now=NOW)
    assert preferences.trophies(session, asha) == ()


def test_no_more_than_six_are_pinned(session: Session, site: Site, asha: Person) -> None:
    names = [f"Badge {number}" for number in range(7)]
    for name in names:
        give(session, make_badge(session, site, name), "asha")
    places = {name.lower().replace(" ", "-"): 1 for name in names}
    with pytest.raises(InvalidInputError, match="at most 6"):
        preferences.pin(session, asha, places)
    places.popitem()
    preferences.pin(session, asha, places)
    assert len(asha.pinned) == 6
