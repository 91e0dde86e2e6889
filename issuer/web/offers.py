# SPDX-License-Identifier: AGPL-3.0-or-later
"""What we offer to other sites: oEmbed answers, code to embed, and forms that are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from flask_babel import gettext
from markupsafe import escape

from issuer.addresses import Addresses
from issuer.errors import InvalidInputError
from issuer.services.findings import clean
from issuer.site import current_site, live

if TYPE_CHECKING:
    from collections.abc import Mapping

    from issuer.models import Badge
    from issuer.services.cards import AssertionPage

LINKEDIN = "https://www.linkedin.com/profile/add"
#: Forms for a post: where, what takes the words with the address, or each by itself.
POSTS = (
    ("Mastodon", "https://share.joinmastodon.org/#", {"text": "{title} {address}"}),
    ("Bluesky", "https://bsky.app/intent/compose?", {"text": "{title} {address}"}),
    ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?", {"url": "{address}"}),
    ("X", "https://x.com/intent/post?", {"text": "{title}", "url": "{address}"}),
    ("Facebook", "https://www.facebook.com/sharer/sharer.php?", {"u": "{address}"}),
    ("Reddit", "https://www.reddit.com/submit?", {"url": "{address}", "title": "{title}"}),
)
LETTER = {"subject": "{title}", "body": "{title}\n{address}"}
#: The card needs no more, and is of no use in less.
WIDTH, HEIGHT = 480, 200
LEAST_WIDTH, LEAST_HEIGHT = 240, 160
NARROW, NARROW_HEIGHT = 400, 260
POSTER = (1200, 630)
CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Room:
    """How large the place is that another site has for us."""

    width: int = POSTER[0]
    height: int = POSTER[1]

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Room:
        """Read ``maxwidth`` and ``maxheight``; raise `InvalidInputError` for what is no size."""
        sizes = []
        for name, most in (("maxwidth", POSTER[0]), ("maxheight", POSTER[1])):
            said = arguments.get(name, "") or str(most)
            if not said.isascii() or not said.isdigit() or not int(said[:9]) > 0:
                raise InvalidInputError(f"oEmbed: {name} {said[:20]!r} is not a number of pixels")
            sizes.append(int(said[:9]))
        return cls(*sizes)


def of_award(page: AssertionPage, room: Room) -> dict[str, object]:
    """Return the oEmbed answer for an award: a card, or only a link where a card has no room."""
    settings = current_site().settings
    addresses = Addresses(settings.base_url)
    title = _title(page)
    answer = _base("link", title)
    if page.person:
        answer |= {
            "author_name": clean(page.person.name),
            "author_url": addresses.person(page.person.username),
        }
    width = min(WIDTH, room.width)
    height = HEIGHT if width >= NARROW else NARROW_HEIGHT
    if width >= LEAST_WIDTH and height <= room.height:
        frame = iframe(addresses.assertion_embed(page.assertion.uuid), title, width, height)
        answer |= {"type": "rich", "html": frame, "width": width, "height": height}
    return answer | _thumbnail(addresses.assertion_card(page.assertion.uuid), room)


def of_badge(badge: Badge, room: Room) -> dict[str, object]:
    """Return the oEmbed answer for a badge: a link with its picture."""
    addresses = Addresses(current_site().settings.base_url)
    answer = _base("link", clean(badge.name))
    return answer | _thumbnail(addresses.badge_card(badge.slug), room)


def xml(answer: dict[str, object]) -> str:
    """Return an oEmbed answer as XML; nothing in a member can end its element."""
    parts = [f"<{name}>{escape(str(value))}</{name}>" for name, value in answer.items()]
    head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
    return f"{head}\n<oembed>{''.join(parts)}</oembed>\n"


def iframe(address: str, title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the code of a frame that can do nothing but show and open links."""
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width}" '
        f'height="{height}" loading="lazy" style="border:0;max-width:100%" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def award_frame(page: AssertionPage) -> str:
    """Return the code by which any page shows the card of an award."""
    addresses = Addresses(current_site().settings.base_url)
    return iframe(addresses.assertion_embed(page.assertion.uuid), _title(page))


def picture_code(page: AssertionPage) -> str:
    """Return the code by which any page shows the drawing of an award, with a link to it."""
    addresses = Addresses(current_site().settings.base_url)
    uuid, name = page.assertion.uuid, clean(page.told.name)
    return (
        f'<a href="{escape(addresses.assertion(uuid))}">'
        f'<img src="{escape(addresses.assertion_drawing(uuid))}" alt="{escape(name)}" '
        f'width="{WIDTH}" height="{HEIGHT - 20}"></a>'
    )


def linkedin(page: AssertionPage) -> str:
    """Return the address of LinkedIn's form "add licence or certification", filled in."""
    told = page.told
    fields = {
        "startTask": "CERTIFICATION_NAME",
        "name": clean(told.name),
        "organizationName": clean(told.issuer),
        "issueYear": told.issued_at.year,
        "issueMonth": told.issued_at.month,
    }
    if told.expires_at is not None:
        fields |= {
            "expirationYear": told.expires_at.year,
            "expirationMonth": told.expires_at.month,
        }
    address = Addresses(current_site().settings.base_url).assertion(page.assertion.uuid)
    fields |= {"certUrl": address, "certId": str(page.assertion.uuid)}
    return f"{LINKEDIN}?{urlencode(fields)}"


def posts(page: AssertionPage) -> list[tuple[str, str]]:
    """Return where an award may be told of, and the address of each form, filled in.

    They are links and nothing else: whoever reads the page loads nothing from there.
    """
    address = Addresses(current_site().settings.base_url).assertion(page.assertion.uuid)
    title = badge = clean(page.told.name)
    if page.person:
        name = clean(page.person.name)
        title = gettext("%(badge)s, awarded to %(name)s", badge=badge, name=name)

    def filled(form: dict[str, str]) -> str:
        said = {
            # The title is of people: nothing in it is a place to be filled.
            name: text.replace("{address}", address).replace("{title}", title)
            for name, text in form.items()
        }
        return urlencode(said, quote_via=quote)

    named = [(name, start + filled(form)) for name, start, form in POSTS]
    return [*named, (gettext("E-mail"), f"mailto:?{filled(LETTER)}")]


def _title(page: AssertionPage) -> str:
    badge = clean(page.told.name)
    return f"{badge}, awarded to {clean(page.person.name)}" if page.person else badge


def _base(kind: str, title: str) -> dict[str, object]:
    settings = current_site().settings
    return {
        "version": "1.0",
        "type": kind,
        "title": title,
        "provider_name": live().site_name,
        "provider_url": settings.base_url,
        "cache_age": CACHE_SECONDS,
    }


def _thumbnail(address: str, room: Room) -> dict[str, object]:
    """Return the wide picture, where there is room for it: it must not be larger than asked."""
    if room.width < POSTER[0] or room.height < POSTER[1]:
        return {}
    return {
        "thumbnail_url": address,
        "thumbnail_width": POSTER[0],
        "thumbnail_height": POSTER[1],
    }
