# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules in the browser: tried, put in force, and taken back."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.intake import Intake, policy_of
from issuer.models import Person, Rule, RuleRevision
from issuer.services import explaining, rule_drafts
from tests.unit.issuer.admin.rule_pages import (
    BUILT,
    EDIT,
    HERE,
    TWICE,
    arrive,
    audited,
    awarded,
    keep,
    message,
    rule_of,
    save,
    sent,
    text_in,
    text_of,
)
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


@pytest.mark.slow
def test_a_rule_is_built_tried_activated_and_awards(boris: Browser, site: Site) -> None:
    """predecessors 1.1: what /builder gives is never a rule."""
    keep(site, message(1, "chen"), message(2, "chen"), message(3, "ella", minor=True))
    assert "First Steps" in boris.get("/admin/rules/new").text
    blank = sent(boris.get(HERE).text)
    answer = boris.post(f"{HERE}/write", **{**blank, **BUILT})
    assert answer.status_code == 200
    values = sent(answer.text)
    assert "The rule loads" in answer.text
    assert "sandbox: #1" in text_in(answer.text)

    tried = boris.post(f"{HERE}/try", **values)
    assert tried.status_code == 200
    page = Page(tried.text).text
    assert "1 award" in page
    assert "3 messages were looked at, 2 fit the trigger." in page
    assert "2 (asked for: at least 2)" in page
    why = Page(boris.post(f"{HERE}/explain", **values, why="m-2").text).text
    assert "Would award: it earns the badge for chen" in why
    assert awarded(site) == set()
    _saved_and_activated(boris, site, values)


def _saved_and_activated(boris: Browser, site: Site, values: dict[str, str]) -> None:
    saved = boris.follow(boris.post(f"{HERE}/save", **values))
    assert "Saved as revision 1. It is not in force" in saved
    arrive(site, message(4, "chen"))
    assert awarded(site) == set()
    done = boris.follow(boris.post(f"{HERE}/revisions/1/activate"))
    assert "Revision 1 is in force now" in done
    assert f"{HERE}/backfill" in done
    arrive(site, message(5, "chen"), message(6, "dan"))
    assert awarded(site) == {"chen"}
    assert audited(site) == ["rule.save", "rule.activate"]
    boris.follow(boris.post(f"{HERE}/deactivate"))
    arrive(site, message(7, "dan"))
    assert awarded(site) == {"chen"}


def test_a_draft_leaves_what_is_in_force_until_it_is_activated(root: Browser, site: Site) -> None:
    save(root, text_of(TWICE))
    root.post(f"{HERE}/revisions/1/activate")
    running = Intake(site, policy_of(site.settings))
    save(root, text_of(EDIT))
    assert not running.refresh()
    assert "Revision 2 is a draft" in root.get(HERE).text
    root.post(f"{HERE}/revisions/2/activate")
    assert running.refresh()
    assert running.ruleset.rules[0].condition is None
    history = root.get(f"{HERE}/history").text
    assert history.count("/revisions/") >= 3
    difference = Page(root.get(f"{HERE}/revisions/2").text).text
    assert "-condition: {greater than or equal to: 2}" in difference
    root.follow(root.post(f"{HERE}/revisions/1/restore"))
    assert text_in(root.get(HERE).text) == text_of(TWICE)
    assert (rule_of(site).current, len(rule_of(site).revisions)) == (2, 3)
    with site.database.session() as session:
        author = session.scalars(select(RuleRevision.author_id).distinct()).all()
        assert author == session.scalars(select(Person.id).filter_by(key="root")).all()


@pytest.mark.slow
def test_only_who_manages_the_issuer_gets_at_a_rule(
    root: Browser, otto: Browser, dora: Browser, nobody: Browser, site: Site
) -> None:
    """attacks W3: a manager of another issuer gets 403, and does not see the rule in lists."""
    save(root, text_of(EDIT))
    assert "First Steps" in root.get("/admin/rules/").text
    assert otto.get("/admin/rules/").status_code == 200
    assert "First Steps" not in otto.get("/admin/rules/").text
    assert "First Steps" not in otto.get("/admin/rules/new").text
    posts = ["write", "fill", "check", "lines", "lint", "save", "try", "explain", "file"]
    posts += ["deactivate", "failures", "revisions/1/activate", "revisions/1/restore"]
    for browser, refused in ((otto, {403}), (dora, {403}), (nobody, {303, 400})):
        for path in posts:
            answer = browser.post(f"{HERE}/{path}", text=text_of(EDIT))
            assert answer.status_code in refused, path
        for path in ("", "/history", "/revisions/1"):
            assert browser.get(HERE + path).status_code in {302, 403}
    assert not rule_of(site).active
    assert root.get("/admin/rules/of/nowhere").status_code == 404
    assert root.get(f"{HERE}/revisions/99").status_code == 404


def test_failures_are_shown_and_reset(root: Browser, site: Site) -> None:
    save(root, text_of(EDIT + 'recipient: "message.topic + 1"\n'))
    root.post(f"{HERE}/revisions/1/activate")
    arrive(site, message(1, "chen"))
    assert "It failed on 1 message." in root.get(HERE).text
    assert "message.topic + 1" in html.unescape(root.get(HERE).text)
    assert "First Steps" in root.get("/admin/rules/?state=failing").text
    assert "The failures are forgotten." in root.follow(root.post(f"{HERE}/failures"))
    assert "It failed" not in root.get(HERE).text
    assert "First Steps" not in root.get("/admin/rules/?state=failing").text
    assert audited(site)[-1] == "rule.reset_failures"


def test_the_list_is_searched_sorted_and_filtered(root: Browser, site: Site) -> None:
    save(root, text_of(EDIT))
    for query, there in [
        ("", True),
        ("?q=FIRST", True),
        ("?q=nothing", False),
        ("?state=active", False),
        ("?state=inactive&sort=-failures", True),
        ("?source=site&sort=changed", True),
        ("?source=file", False),
        ("?state=nonsense&source=%00", True),
    ]:
        answer = root.get(f"/admin/rules/{query}")
        assert answer.status_code == 200
        assert ("/admin/rules/of/first-steps" in answer.text) is there, query


def test_the_site_and_its_drafts_are_no_rule_of_a_file(root: Browser, site: Site) -> None:
    save(root, text_of(EDIT))
    with site.database.session() as session:
        rule = session.scalars(select(Rule)).one()
        assert rule_drafts.Place(rule.badge, rule).draft is not None
        assert (rule.edited, rule.active, rule.source) == (False, False, "")
        with pytest.raises(NotFoundError, match="never activated"):  # nor does a backfill take it
            explaining.find_rule(session, "first-steps")
    answer = root.follow(root.post(f"{HERE}/file"))
    assert "has no file" in answer
