# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes a site out of nothing: the issuer with its key, and the rule collections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.adapters.pictures import Picture, draw, read_picture
from issuer.errors import ConflictError
from issuer.paths import PACKAGE, bundled_badges, bundled_rules
from issuer.services import collections, issuers, python_badges
from issuer.services.badges import keep_image
from issuer.services.sources import lasting_name, whole
from rules import plugins
from rules.loader import load
from rules.plain_badges import load_badges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.adapters.objects import ObjectFolder
    from issuer.config import Settings
    from issuer.models import Issuer
    from issuer.services.collections import SyncReport
    from issuer.services.sources import Source
    from rules.loader import Loaded

STATIC = PACKAGE / "static"


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a site keeps what is not in its database."""

    keys: KeyStore
    objects: ObjectFolder


def ensure_issuer(session: Session, settings: Settings, stores: Stores, *, now: datetime) -> Issuer:
    """Return the default issuer; where there is none, make it with its picture and first key.

    Raises `ConflictError` when the issuer was made for another origin.
    """
    identity = issuers.Identity(
        slug=settings.issuer_slug,
        name=settings.issuer_name,
        url=settings.issuer_home_page,
        email=settings.issuer_email,
        description=settings.issuer_description,
        base_url=settings.base_url,
    )
    logo = keep_image(session, draw(_own_picture("logo.svg")), stores.objects, now=now)
    issuer = issuers.ensure(session, identity, stores.keys, now=now, image_id=logo.id)
    if issuer.base_url != settings.base_url:
        raise ConflictError(
            f"issuer {issuer.slug!r}: its badges live at {issuer.base_url}, but base_url is "
            f"{settings.base_url}: set base_url back, or issuer_slug to a new issuer"
        )
    return issuer


def folders_of(settings: Settings) -> list[Path]:
    """Return the folders of all collections that the settings name."""
    bundled = [bundled_rules()] if settings.bundled_rules else []
    return [*bundled, *settings.rules]


def load_collections(settings: Settings, folders: Sequence[Path] = ()) -> Loaded:
    """Read the rule files of ``folders``, or of all collections that the settings name."""
    return load(folders or folders_of(settings))


def sync_rules(
    session: Session,
    loaded: Loaded,
    settings: Settings,
    stores: Stores,
    *,
    now: datetime,
    progress: Callable[[], object] = lambda: None,
    sources: Sequence[Source] = (),
    keep: bool = False,
) -> SyncReport:
    """Bring the site's badges and rules to what the loaded files say.

    Rules that are gone from one of the ``sources`` retire, unless you ``keep`` them. With our own
    collection come the badges that jobs award.
    """
    issuer = ensure_issuer(session, settings, stores, now=now)
    placeholder = draw(_own_picture("placeholder-badge.svg"))
    report = collections.sync(
        session,
        loaded.rules,
        issuer,
        stores.objects,
        placeholder,
        now=now,
        progress=progress,
        named=lambda file: lasting_name(sources, file),
    )
    if any(Path(rule.source).is_relative_to(bundled_rules()) for rule in loaded.rules):
        plain = load_badges([bundled_badges()])
        report.add(collections.sync_badges(session, plain.rules, issuer, stores.objects, now=now))
        report.problems += map(str, plain.problems)
    present = {rule.slug for rule in loaded.rules}
    for source in () if keep else whole(sources, loaded):
        report.retired += collections.retire(session, source.root, present, now=now)
    found = plugins.installed()
    classes = python_badges.sync(
        session, found.badges, issuer, stores.objects, placeholder, now=now
    )
    report.add(classes)
    report.problems.extend(found.problems)
    return report


def _own_picture(name: str) -> Picture:
    return read_picture((STATIC / name).read_bytes(), name)
