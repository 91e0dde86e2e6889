# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image as Pixels
from sqlalchemy import func, select

from issuer.models import AuditEntry, Badge, Grant, Image
from issuer.services import badges, issuers, persons
from tests.issuing import BLUE, NOW, RED, facts, give, make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from pathlib import Path

    from issuer.site import Site
    from tests.browsing import Browser

NEW = "/admin/badges/-/new"
OWN = "/admin/badges/first-steps"


def typed(**changes: object) -> dict[str, object]:
    return {
        "name": "Night Owl",
        "issuer": "accolades",
        "description": "You work late.",
        "points": "3",
        **changes,
    }


def drawing(content: bytes = BLUE, name: str = "owl.svg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def pixels(kind: str = "PNG", side: int = 40) -> bytes:
    written = io.BytesIO()
    Pixels.new("RGB", (side, side), "red").save(written, kind)
    return written.getvalue()


def files(site: Site) -> set[Path]:
    return {path for path in site.settings.objects.rglob("*") if path.is_file()}


def badge(site: Site, slug: str = "night-owl") -> Badge | None:
    with site.database.reading() as session:
        found = session.scalars(select(Badge).filter_by(slug=slug)).one_or_none()
        session.expunge_all()
        return found


def seen(site: Site) -> str:
    made = badge(site, "first-steps")
    assert made is not None
    return made.updated_at.isoformat()


def test_a_badge_is_made_with_its_picture_and_can_be_awarded(root: Browser, site: Site) -> None:
    answer = root.post(
        NEW,
        **typed(
            picture=drawing(),
            criteria_text="Be *awake*.",
            series="Nights",
            days="1.5",
            claimable="y",
            **{"tags-0": "late, night", "tags-1": "python"},
            **{"alignments-0-targetName": "Skill", "alignments-0-targetUrl": "https://x.org/1"},
        ),
    )
    page = root.follow(answer)
    assert "The badge Night Owl is made." in page
    assert 'href="/badges/night-owl"' in page
    with site.database.writing() as session:
        made = badges.find(session, "night-owl")
        assert [tag.name for tag in made.tags] == ["late", "night", "python"]
        assert (made.points, made.expires_after, made.claimable) == (3, 129600, True)
        assert made.milestone and (made.milestone.series.name, made.milestone.position) == (
            "Nights",
            1,
        )
        document = json.loads(badges.current_edition(session, made).document)
        assert document["alignment"][0]["targetName"] == "Skill"
        noted = session.scalars(select(AuditEntry)).one()
        assert (noted.actor, noted.action, noted.subject_id) == (
            "root",
            "badge.create",
            "night-owl",
        )
        assert give(session, made, "asha").created
    assert "Night Owl" in root.get("/admin/badges/?q=owl&tag=late&series=nights&state=open").text


def test_the_list_is_sorted_filtered_and_shows_what_one_may_change(
    root: Browser, otto: Browser, site: Site
) -> None:
    """predecessors 0: the list of badges and their forms answered 500 in /dbadmin."""
    with site.database.writing() as session:
        make_badge(session, site, "Second", points=9).retired_at = NOW
        badges.put(
            session, issuers.find(session, "accolades"), facts("Third"), None, site.objects, now=NOW
        )
    for query, shown in (
        ("", ["First Steps", "Second", "Third"]),
        ("?sort=-name", ["Third", "Second", "First Steps"]),
        ("?sort=-points", ["Second", "Third", "First Steps"]),
        ("?state=retired", ["Second"]),
        ("?state=unfinished", ["Third"]),
        ("?q=sec", ["Second"]),
        ("?q=%25", []),
        ("?issuer=nobody", []),
        ("?tag=a%00b", []),
    ):
        found = root.get(f"/admin/badges/{query}").text
        names = [name for name in ("First Steps", "Second", "Third") if f">{name}</a>" in found]
        assert sorted(names) == sorted(shown), query
        places = [found.index(f">{name}</a>") for name in shown]
        assert places == sorted(places), query
    assert "First Steps" not in otto.get("/admin/badges/").text


PICTURES = {
    "jpeg": (drawing(pixels("JPEG"), "x.png"), "x.png"),
    "polyglot": (drawing(pixels("JPEG") + pixels(), "x.png"), "x.png"),
    "empty": (drawing(b"", "x.png"), "is empty"),
    "extension": (drawing(RED, "x.png"), "rename it to what it is"),
    "path": (drawing(pixels(), "../../x.png"), "no plain name"),
    "cut": (drawing(pixels()[:-20], "x.png"), "not a sound PNG"),
    "script": (drawing(RED.replace(b"<circle", b"<script>x</script><circle")), "owl.svg"),
    "doctype": (drawing(b'<!DOCTYPE svg [<!ENTITY a "b">]>' + RED), "owl.svg"),
}


def test_a_picture_that_is_none_is_refused_and_nothing_written(root: Browser, site: Site) -> None:
    """attacks B4, B5 and B7: 422 with the reason, nothing written."""
    before = files(site)
    for case, (picture, reason) in PICTURES.items():
        answer = root.post(NEW, **typed(picture=picture))
        assert answer.status_code == 422, case
        assert reason in Page(answer.text).text, case
        assert 'value="Night Owl"' in answer.text, case
    assert badge(site) is None
    assert files(site) == before


def test_a_png_is_written_anew_and_not_larger_than_needed(root: Browser, site: Site) -> None:
    """attacks B7: not a byte of the file that was handed in is served."""
    given = pixels(side=1300)
    root.post(NEW, **typed(picture=drawing(given, "x.png")))
    with site.database.reading() as session:
        png = session.scalars(select(Image).order_by(Image.id.desc())).first()
        assert png is not None
        assert (png.width, png.height) == (1024, 1024)


def test_a_preview_and_more_rows_save_nothing_and_keep_the_picture(
    root: Browser, site: Site
) -> None:
    answer = root.post(
        NEW, **typed(name="", picture=drawing(), preview="1", criteria_text="**so**")
    )
    assert answer.status_code == 200
    assert "<strong>so</strong>" in answer.text
    held = next(e["value"] for e in Page(answer.text).all("input") if e.get("name") == "held")
    picture = root.get(f"/admin/badges/-/uploads/{held}.png")
    assert (picture.content_type, picture.data[:4]) == ("image/png", b"\x89PNG")
    more = root.post(NEW, **typed(held=held, row="add-alignments"))
    assert 'name="alignments-0-targetName"' in more.text
    rows = {"alignments-0-targetName": "one", "alignments-1-targetName": "two"}
    fewer = root.post(NEW, **typed(held=held, row="remove-alignments-0", **rows)).text
    assert 'value="two"' in fewer and 'value="one"' not in fewer
    assert badge(site) is None
    root.post(NEW, **typed(held=held))
    made = badge(site)
    assert made is not None and made.svg_id is not None
    assert root.get(f"/admin/badges/-/uploads/{held}.png").status_code == 404
    assert root.get("/admin/badges/-/uploads/..%2f..%2fx.png").status_code == 404
    words = root.post("/admin/badges/-/words", text="<script>x</script> *a*").text
    assert "<script>" not in words and "<em>a</em>" in words


REFUSED = [
    ({"name": "x" * 201}, "200"),
    ({"name": " "}, "Name"),
    ({"name": "a\u202eb"}, "cannot be seen"),
    ({"description": "x" * 10_001}, "10000"),
    ({"points": "-1"}, "Points"),
    ({"points": "9" * 40}, "Points"),
    ({"points": "many"}, "Points"),
    ({"days": "99999999"}, "Expires"),
    ({"days": "NaN"}, "Expires"),
    ({"days": "sNaN"}, "Expires"),
    ({"name": "🏅"}, "no address can be made from its name"),
    ({"level": "0", "series": "s"}, "Level"),
    ({"issuer": "nobody"}, "Issuer"),
    ({"criteria_url": "javascript:alert(1)"}, "address of the criteria"),
    ({"discussion_url": "//x"}, "address of the discussion"),
    ({"alignments-0-targetName": "x"}, "alignment needs"),
    (
        {"alignments-0-targetName": "x", "alignments-0-targetUrl": "x"},
        "address of the alignment",
    ),
    ({"tags-0": "x" * 51}, "tag"),
    ({"tags-0": ",".join(map(str, range(60)))}, "more than 50 tags"),
    ({"series": "???"}, "series"),
    ({"name": "First Steps"}, "was made with that name"),
    ({"slug": "first-steps"}, "belongs to another"),
    ({"slug": "../x"}, "slug"),
    ({"held": "0" * 64}, "choose the file again"),
    ({"held": "../../etc"}, "choose the file again"),
]


@pytest.mark.slow
def test_what_is_no_badge_is_refused_with_all_that_was_typed(root: Browser, site: Site) -> None:
    """predecessors 1.2: more than 128 characters and ids that are not there answered 500."""
    for change, reason in REFUSED:
        answer = root.post(NEW, **typed(author="Ines", **change))
        assert answer.status_code == 422, change
        assert reason.lower() in Page(answer.text).text.lower(), change
        assert 'value="Ines"' in answer.text, change
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Badge)) == 1
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_an_edit_makes_an_edition_and_the_name_of_a_badge_can_be_mended(
    root: Browser, site: Site
) -> None:
    """predecessors 6, #780: what takes place in the administration is recorded."""
    form = Page(root.get(f"{OWN}/edit").text)
    assert "slug" not in {field.get("name") for field in form.all("input")}
    values = typed(name="First Stéps", description="You did it.", points="1", seen=seen(site))
    page = root.follow(root.post(f"{OWN}/edit", **values))
    assert "Edition 2 is issued from now on" in page
    with site.database.reading() as session:
        made = badges.find(session, "first-steps")
        assert (made.name, made.slug, made.legacy_id) == (
            "First Stéps",
            "first-steps",
            "first-steps",
        )
        assert made.by_hand == ["name"]
        noted = session.scalars(select(AuditEntry)).one()
        assert noted.before == {"name": "First Steps", "version": 1}
        assert noted.after == {"name": "First Stéps", "version": 2}
    page = Page(root.get(OWN).text)
    assert "/badges/first-steps/editions/2" in page.links()
    assert "2 issued now" in page.text
    again = root.follow(root.post(f"{OWN}/edit", **{**values, "seen": seen(site)}))
    assert "nothing was changed" in again


def test_what_another_changed_meanwhile_is_not_lost_unseen(root: Browser, site: Site) -> None:
    values = typed(seen=NOW.isoformat() + "x")
    answer = root.post(f"{OWN}/edit", **values)
    assert answer.status_code == 422
    assert "changed this badge meanwhile" in answer.text
    fresh = next(e["value"] for e in Page(answer.text).all("input") if e.get("name") == "seen")
    assert root.post(f"{OWN}/edit", **{**values, "seen": fresh}).status_code == 303


def test_a_badge_is_retired_and_brought_back(root: Browser, site: Site) -> None:
    for action, retired, words in (
        ("retire", True, "nobody gets it any more"),
        ("retire", True, "retired already"),
        ("unretire", False, "can be earned again"),
    ):
        page = root.follow(root.post(f"{OWN}/{action}"))
        made = badge(site, "first-steps")
        assert made is not None and (made.retired_at is not None) is retired
        assert words in page
    with site.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["badge.retire", "badge.unretire"]


def test_only_what_nobody_got_is_deleted_and_only_after_a_question(
    root: Browser, site: Site
) -> None:
    """predecessors 3.1: a badge with an authorization could not be deleted."""
    with site.database.writing() as session:
        made = make_badge(session, site, "Never", tags=("x",), series=("s", "S", 1))
        dora = persons.find(session, "dora")
        session.add(Grant(badge_id=made.id, person_id=dora.id, created_at=NOW))
    assert "With it go: 1 grants" in root.get("/admin/badges/never/delete").text
    assert badge(site, "never") is not None
    assert "is deleted" in root.follow(root.post("/admin/badges/never/delete"))
    assert badge(site, "never") is None
    refused = root.post(f"{OWN}/delete")
    assert refused.status_code == 422
    assert "retire it instead" in refused.text
    assert badge(site, "first-steps") is not None


def test_a_manager_of_another_issuer_changes_nothing(
    otto: Browser, boris: Browser, site: Site
) -> None:
    """attacks W3; a manager makes badges only for the issuers they manage."""
    for path in (OWN, f"{OWN}/edit", f"{OWN}/delete"):
        assert otto.get(path).status_code == 403
        assert boris.get(path).status_code == 200
    for action in ("edit", "retire", "unretire", "release", "delete"):
        assert otto.post(f"{OWN}/{action}", **typed()).status_code == 403
    assert "Ask those who run the site" in otto.get(NEW).text
    assert otto.post(NEW, **typed()).status_code == 422
    assert badge(site) is None
    assert boris.post(NEW, **typed()).status_code == 303


def test_a_badge_that_is_not_there_is_404(root: Browser) -> None:
    """predecessors 1.2: an unknown id answered 500."""
    for path in ("none", "none/edit", "none/delete", "a%00b", "%C3%A4"):
        assert root.get(f"/admin/badges/{path}").status_code == 404, path


def test_what_looks_like_code_is_text(root: Browser, site: Site) -> None:
    """attacks W4."""
    name = "<script>alert(1)</script>{{7*7}}"
    values = typed(
        name=name, slug="code", description=name, criteria_text=f"{name} [x](javascript:y)"
    )
    made = root.follow(root.post(NEW, **values))
    preview = root.post(NEW, **values, preview="1").text
    for page in (made, preview, root.get("/admin/badges/").text, root.get("/explore").text):
        assert "<script>alert" not in page
        assert "{{7*7}}" in page
        assert 'href="javascript' not in page
