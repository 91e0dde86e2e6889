# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of scheduled jobs: which badge each of them awards, and where it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

WEB = r"^(https?://[^\s/?#]+(/[^\s]*)?)?$"

Badge = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[int, Field(ge=1, le=1000)]


class JobSettings(BaseModel):
    """Badges are named by their slugs or old ids; an empty name or table switches a job off."""

    lifecycle_badges: dict[Number, Badge] = {  # by years; pydantic copies what is not given
        years: f"account-age-{level}" for level, years in enumerate((1, 2, 3, 5, 7, 10), 1)
    }
    lifecycle_group: str = ""
    group_badges: dict[str, Badge] = {
        "packager": "package-keeper",
        "packager:sponsors": "package-mentor",
    }
    mirror_url: str = Field(
        default="https://admin.fedoraproject.org/mirrormanager/api/mirroradmins", pattern=WEB
    )
    mirror_badge: str = "mirror-keeper"
    avatar_badge: str = "friendly-face"
    avatar_seconds: float = Field(default=1.0, ge=0, le=3600)
    avatar_everybody: bool = False
    author_repositories: tuple[str, ...] = ()
    author_badge: str = "badge-smith"
    grant_lists: dict[str, Path] = {}
    anniversary_badges: dict[Number, Badge] = {
        years: f"anniversary-{level}" for level, years in enumerate((1, 5, 10), 1)
    }
    streak_badges: dict[Number, Badge] = {
        months: f"steady-stream-{level}" for level, months in enumerate((3, 6, 12), 1)
    }
    series_badge: str = "whole-set"
    invitation_keep_days: int = Field(default=90, ge=1, le=36500)
    key_max_days: int = Field(default=730, ge=1, le=36500)
    archive_keep_days: int = Field(default=0, ge=0, le=36500)
