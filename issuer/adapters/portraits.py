# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of people: fetched by us, drawn anew, kept; a visitor's browser asks nobody else."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from issuer.adapters.fetching import GuardedFetcher
from issuer.errors import InvalidInputError
from openbadges.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from issuer.adapters.objects import ObjectFolder
    from issuer.config import Settings
    from openbadges.fetching import Fetcher

log = logging.getLogger(__name__)

KIND = "portraits"
SMALL_KIND = "portraits-small"
SIDE = 256
#: In a list: 32 pixels of a page, sharp on a screen with two for each.
SMALL_SIDE = 64
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
ACCEPT = "image/png, image/jpeg;q=0.9, image/webp;q=0.8"
MAX_BYTES = 1 << 20
MAX_PIXELS = 2048 * 2048
#: A picture is asked for again after this time, by whoever looks at it then.
FRESH = timedelta(days=2)
#: People change pictures rarely: two threads of a process are enough to look for new ones.
GATE = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Portraits:
    """Pictures by the SHA-256 of an e-mail address, from a service like Libravatar."""

    settings: Settings
    objects: ObjectFolder
    make_fetcher: Callable[[], Fetcher] | None = None

    def get(self, name: str, *, now: datetime) -> bytes:
        """Return the picture that is kept, empty where there is none.

        One that is missing or old is asked for in a thread: nobody waits for another site.
        """
        kept = self.objects.get_made(KIND, name)
        if kept is None or now - kept.made_at > FRESH:
            self._refresh_soon(name)
        return kept.content if kept else b""

    def small(self, name: str) -> bytes:
        """Return the picture that is kept, as lists show it; empty where there is none."""
        kept = self.objects.get_made(KIND, name)
        if kept is None or not kept.content:
            return b""
        made = self.objects.get_made(SMALL_KIND, name)
        if made is not None and made.made_at >= kept.made_at:
            return made.content
        content = smaller(kept.content)
        self.objects.put_made(SMALL_KIND, name, content)
        return content

    def refresh(self, name: str) -> bool:
        """Ask for the picture now and keep it; tell whether there is one.

        Where nobody answers, what was kept before stays.
        """
        settings = self.settings
        if not settings.avatar_url:
            return False
        url = f"{settings.avatar_url.rstrip('/')}/{name}?s={SIDE}&d=404"
        try:
            answer = self._fetcher().fetch(url, accept=ACCEPT)
        except FetchError as error:
            log.info("a picture of a person cannot be had: %s", error)
            return False
        if answer.status >= 500:
            return False
        try:
            content = redrawn(answer.body) if answer.status == 200 else b""
        except InvalidInputError as error:
            log.info("%s", error)
            content = b""
        self.objects.put_made(KIND, name, content)
        return bool(content)

    def forget(self, name: str) -> None:
        """Drop the picture that is kept."""
        for kind in (KIND, SMALL_KIND):
            self.objects.drop_made(kind, name)

    def _fetcher(self) -> Fetcher:
        if self.make_fetcher is not None:
            return self.make_fetcher()
        return GuardedFetcher(allow_loopback=self.settings.allow_loopback)

    def _refresh_soon(self, name: str) -> None:
        if not self.settings.avatar_url or not GATE.acquire(blocking=False):
            return
        threading.Thread(target=self._refresh, args=(name,), daemon=True, name="portrait").start()

    def _refresh(self, name: str) -> None:
        try:
            self.refresh(name)
        except OSError as error:
            log.warning("a picture of a person cannot be kept: %s", error)
        finally:
            GATE.release()


def redrawn(content: bytes) -> bytes:
    """Return a picture of a stranger as a square PNG of our own making.

    Raises `InvalidInputError` for what is no picture, or too large a one.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError("picture of a person: larger than %(limit)s bytes", limit=MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InvalidInputError("picture of a person: has too many pixels")
                square = ImageOps.fit(image.convert("RGBA"), (SIDE, SIDE))
    except (
        OSError,
        SyntaxError,
        ValueError,
        IndexError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidInputError(
            "picture of a person: cannot be read: %(reason)s", reason=error
        ) from error
    # Only the pixels are kept: what else the file said of its maker is not ours to hand on.
    plain = Image.frombytes("RGBA", square.size, square.tobytes())
    written = io.BytesIO()
    plain.save(written, "PNG")
    return written.getvalue()


def smaller(content: bytes) -> bytes:
    """Return a picture of our own making as a WebP for lists: some hundred bytes, not kilobytes."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        small = image.convert("RGBA").resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=80)
    return written.getvalue()
