# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge of which one byte was changed, as our verifier and both outside judges see it.

Each form is changed at every one of its bytes for our verifier, and at fifty for the judges. The
rule: a changed form is refused, or what is read from it is exactly what was signed. The second is
for bytes that say nothing of the badge, such as those of a drawing around it.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from issuer.services import awards
from issuer.services.exporting import Form
from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, unbake
from openbadges.errors import BakingError
from tests import exported
from tests.conformance.test_exported_badges import BADGES
from tests.exported import World
from tests.issuing import give, make_badge, make_site
from tests.services import judge3
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.services.exporting import Exported
    from tests.services.judge import Judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("corrupted")]

POSITIONS = 50
#: Each bit of each byte by itself in `make conformance`, one bit of each byte elsewhere.
IS_THOROUGH = BADGES >= 200
STRIDE = 1 if IS_THOROUGH else 7
TEXTS = (Form.JWS, Form.OB3_JWT, Form.OB3)
PICTURES = (Form.PNG, Form.SVG)


@dataclass
class Issued(World):
    """A site with one badge, in all its forms."""

    badge: Exported
    answers: dict[str, Any]

    def changed(self, form: Form, position: int, bit: int) -> bytes:
        """Return a form with one bit of one byte turned over."""
        content = bytearray(self.content(self.badge, form))
        content[position] ^= 1 << bit
        return bytes(content)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issued]:
    site = make_site(tmp_path_factory.mktemp("corrupted"), "")
    with site.database.writing() as session:
        badge = make_badge(
            session,
            site,
            tags=("zwei wörter",),
            alignments=({"targetName": "Pack", "targetUrl": "https://example.org/pack"},),
        )
        evidence = [{"id": "https://example.org/1", "narrative": "an update"}]
        cause = awards.Cause(source="admin", narrative='"Well"\ndone', evidence=evidence)
        give(session, badge, "asha", cause=cause)
        (taken,) = exported.collect(session, site, "asha")
    world = Issued(site, taken, {})
    world.answers = world.recorded(taken)
    yield world
    site.database.dispose()


def carried(picture: bytes) -> tuple[str, ...]:
    """Return what can be read from a picture, of both versions."""
    found = []
    for keyword in (KEYWORD, CREDENTIAL_KEYWORD):
        try:
            found.append(unbake(picture, keyword))
        except BakingError:
            found.append("")
    return tuple(found)


@pytest.mark.parametrize("form", exported.SIGNED)
def test_our_verifier_takes_no_form_with_a_byte_changed_anywhere(world: Issued, form: Form) -> None:
    whole = world.content(world.badge, form)
    assert exported.verdict(whole, world.answers).valid
    texts = carried(whole) if form in PICTURES else ()
    taken = []
    for position in range(len(whole)):
        # The bits that make other letters of letters are the ones that could be missed.
        for bit in range(8) if IS_THOROUGH else (position % 6,):
            changed = bytearray(whole)
            changed[position] ^= 1 << bit
            if not exported.verdict(bytes(changed), world.answers).valid:
                continue
            # The drawing of an SVG is covered by no signature; what it carries is.
            if form is not Form.SVG or not is_part(carried(bytes(changed)), texts):
                taken.append((position, bit, bytes(changed[position - 9 : position + 9])))
    assert taken == []


def is_part(found: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether what was found is what there was, or one of the two badges alone."""
    return any(found) and all(one in ("", other) for one, other in zip(found, texts, strict=True))


@pytest.mark.parametrize("form", exported.SIGNED)
def test_our_verifier_takes_no_form_that_lost_its_end_or_gained_one(
    world: Issued, form: Form
) -> None:
    whole = world.content(world.badge, form)
    for length in range(len(whole) - 1):
        assert not exported.verdict(whole[:length], world.answers).valid, length
    for more in (b"A", b"=", b".", b"\0", b"{}"):
        assert not exported.verdict(whole + more, world.answers).valid, more


@pytest.mark.parametrize("form", TEXTS)
def test_a_space_or_a_letter_more_or_less_is_refused_or_says_the_same(
    world: Issued, form: Form
) -> None:
    whole = world.content(world.badge, form)
    said = exported.verdict(whole, world.answers).document
    for place in range(0, len(whole), STRIDE):
        # White space between the words of JSON is the one thing that may come and go.
        for changed in (whole[:place] + b" " + whole[place:], whole[:place] + whole[place + 1 :]):
            report = exported.verdict(changed, world.answers)
            assert not report.valid or (form is Form.OB3 and report.document == said), place


def places(form: Form, whole: bytes, within: bytes) -> list[int]:
    """Return fifty places in a part of a form, always the same ones."""
    start = whole.index(within)
    chosen = random.Random(form).sample(range(len(within)), POSITIONS)  # noqa: S311 (a seed)
    return sorted(start + place for place in chosen)


def with_right_checksums(png: bytes) -> bytes:
    """Repair a picture, so that a judge looks at what it says and not at a broken file."""
    made, place = png[:8], 8
    while place < len(png):
        end = place + 12 + int.from_bytes(png[place : place + 4], "big")
        made += png[place : end - 4] + zlib.crc32(png[place + 4 : end - 4]).to_bytes(4, "big")
        place = end
    return made


@pytest.mark.parametrize("form", [Form.JWS, *PICTURES])
def test_the_judge_of_version_2_takes_no_changed_signature_or_badge(
    judge_ob2: Judge, world: Issued, tmp_path: Path, form: Form
) -> None:
    whole, signed = world.content(world.badge, form), world.badge.jws.encode()
    # The bits that fill up the last letter are the one thing that it does not look at.
    chosen = places(form, whole, signed[:-1])
    changed = [world.changed(form, place, 0) for place in chosen]
    if form is Form.PNG:
        changed = [with_right_checksums(each) for each in changed]
    reports = judged(judge_ob2, world, form, [whole, *changed], tmp_path)
    assert [report["strict_valid"] for report in reports] == [True] + [False] * POSITIONS
    for each in changed:
        assert not exported.verdict(each, world.answers).valid


@pytest.mark.parametrize("form", PICTURES)
def test_the_judge_of_version_2_takes_a_picture_only_with_the_whole_badge_in_it(
    judge_ob2: Judge, world: Issued, tmp_path: Path, form: Form
) -> None:
    """It looks at no checksum and at nothing around the badge, where we do."""
    whole = world.content(world.badge, form)
    changed = [world.changed(form, place, 0) for place in places(form, whole, whole)]
    reports = judged(judge_ob2, world, form, changed, tmp_path)
    taken = [each for each, report in zip(changed, reports, strict=True) if report["strict_valid"]]
    assert len(taken) < POSITIONS
    for each in taken:
        assert world.badge.jws.encode() in each


def judged(
    judge: Judge, world: Issued, form: Form, contents: list[bytes], folder: Path
) -> list[dict[str, Any]]:
    """Return the reports of the judge of version 2.0 on contents of files."""
    items = []
    for number, content in enumerate(contents):
        file = folder / f"{number}.{form}"
        file.write_bytes(content)
        items.append({"input": str(file), "documents": world.answers})
    return judge.batch(items)


def test_what_fills_up_the_last_letter_is_looked_at_by_us_alone(
    judge_ob2: Judge, judge: judge3.Judge3, world: Issued
) -> None:
    """A known weakness of both judges: base64url of other spelling says the same to them."""
    jws, token = (
        # The next letter of base64url, which differs in the last bits alone.
        text[:-1] + chr(ord(text[-1]) + 1)
        for text in (world.badge.jws, world.badge.token)
    )
    assert judge_ob2.judge(jws, documents=world.answers)["strict_valid"]
    assert judge.judge(token, world.known_to_wallets(world.badge))["valid"]
    for each in (jws, token):
        assert not exported.verdict(each, world.answers).valid


@pytest.fixture(scope="module")
def judge() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


@pytest.mark.parametrize("form", [Form.OB3, Form.OB3_JWT])
def test_the_judge_of_version_3_takes_no_changed_badge(
    judge: judge3.Judge3, world: Issued, form: Form
) -> None:
    whole = world.content(world.badge, form)
    changed = [world.changed(form, place, 0).decode() for place in places(form, whole, whole[:-1])]
    reports = judge.batch([whole.decode(), *changed], world.known_to_wallets(world.badge))
    assert [report["valid"] for report in reports] == [True] + [False] * POSITIONS
