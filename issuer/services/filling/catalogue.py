# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges of an invented community, with drawings of the bundled collection."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.pictures import draw, read_picture
from issuer.errors import ConflictError
from issuer.models import Badge, BadgeEdition, Milestone, Series, Tag
from issuer.paths import bundled_rules
from issuer.services import documents, issuers
from issuer.services.badges import keep_image
from issuer.services.filling import inventions
from issuer.services.filling.sizes import YEARS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.models import Image, Issuer
    from issuer.services.filling.sizes import Size, Stage


def make_badges(
    session: Session,
    issuer: Issuer,
    objects: ObjectFolder,
    size: Size,
    now: datetime,
    stage: Stage,
) -> tuple[list[int], list[list[int]]]:
    """Make badges with the drawings of the bundled collection; return rows, and the ladders."""
    epoch = issuers.current_epoch(session, issuer)
    if epoch is None:
        raise ConflictError(f"fill: issuer {issuer.slug!r} has no key")
    pictures = _pictures(session, objects, size.badges, now, stage)
    tags = {tag.name: tag for tag in session.scalars(select(Tag))}
    series: dict[str, Series] = {}
    ladders: dict[str, list[int]] = {}
    made: list[Badge] = []
    for place, invented in enumerate(inventions.badges(size.badges)):
        made_at = now - timedelta(days=365.25 * YEARS * (1 - place / size.badges))
        png, svg = pictures[place % len(pictures)]
        badge = Badge(
            slug=invented.slug,
            legacy_id=invented.slug,
            name=invented.name,
            description=invented.description,
            points=invented.points,
            issuer=issuer,
            tags=[tags.setdefault(invented.tag, Tag(name=invented.tag))],
            png=png,
            svg=svg,
            version=1,
            criteria_text="",
            alignments=[],
            created_at=made_at,
            updated_at=made_at,
        )
        if invented.series:
            slug, name, level = invented.series
            row = series.setdefault(slug, Series(slug=slug, name=name, created_at=made_at))
            session.add(Milestone(series=row, badge=badge, position=level))
        document = documents.badge_class(badge, epoch.document_id, 1)
        session.add(
            BadgeEdition(
                badge=badge,
                number=1,
                epoch=epoch,
                png=png,
                svg=svg,
                document_id=document.id,
                document=document.text,
                created_at=made_at,
            )
        )
        made.append(badge)
        ladders.setdefault(invented.series[0] if invented.series else invented.slug, []).append(
            place
        )
    session.flush()
    rows = [badge.id for badge in made]
    session.expunge_all()
    return rows, list(ladders.values())


def _pictures(
    session: Session, objects: ObjectFolder, number: int, now: datetime, stage: Stage
) -> list[tuple[Image, Image]]:
    """Keep the drawings of the bundled collection, as many as there is use for."""
    drawings = sorted((bundled_rules().parent / "artwork").glob("*.svg"))[:number]
    step = stage("Pictures", len(drawings))
    pictures = []
    for path in drawings:
        drawing = read_picture(path.read_bytes(), path.name)
        png = keep_image(session, draw(drawing), objects, now=now)
        pictures.append((png, keep_image(session, drawing, objects, now=now)))
        step()
    return pictures
