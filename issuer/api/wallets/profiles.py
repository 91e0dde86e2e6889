# SPDX-License-Identifier: AGPL-3.0-or-later
"""``/ims/ob/v3p0/profile``: who let an app in, as far as apps are told (version 3.0, 6.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.exceptions import UnsupportedMediaType

from issuer.addresses import Addresses
from issuer.api.wallets.answers import CALLS, answer, for_every_page
from issuer.api.wallets.guarding import access_of, opened
from issuer.errors import InvalidInputError
from issuer.limits import limiter
from issuer.services import apps, holdings, preferences
from issuer.services.preferences import Profile
from issuer.site import current_site
from issuer.statusinfo import API, status_info
from issuer.tongues import LANGUAGES
from openbadges.errors import MalformedError
from openbadges.ob3.vocabulary import CREDENTIALS, OPEN_BADGES
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import AppAccess

blueprint = Blueprint("profiles", __name__, url_prefix=API)
blueprint.after_request(for_every_page)

MAX_BODY = 64 * 1024
#: What an app may change, and what it is called in the settings.
CHANGED = {"name": "display_name", "url": "website", "description": "bio"}


@blueprint.get("/profile")
@limiter.limit(CALLS)
def get_profile() -> Response:
    """Answer the Profile of whoever let the app in."""
    token = opened(apps.READ_PROFILE)
    with current_site().database.reading() as database:
        return answer(_profile(database, access_of(database, token)))


@blueprint.put("/profile")
@limiter.limit(CALLS)
def put_profile() -> Response:
    """Change name, website and words of whoever let the app in, and nothing else."""
    token = opened(apps.WRITE_PROFILE)
    if request.mimetype not in {"application/json", "application/ld+json"}:
        raise UnsupportedMediaType("send application/json")
    try:
        body = request.get_data(cache=False)
        if len(body) > MAX_BODY:
            raise MalformedError(f"the body is larger than {MAX_BODY} bytes")
        wanted = loads_object(body)
        with current_site().database.writing() as database:
            access = access_of(database, token)
            _change(database, access, wanted)
            return answer(_profile(database, access))
    except (InvalidInputError, MalformedError) as error:
        return status_info(400, str(error))


def _profile(database: Session, access: AppAccess) -> dict[str, Any]:
    """Return the Profile; what nobody told is left out of it."""
    person, settings = access.person, current_site().settings
    addresses = Addresses(settings.base_url)
    members = {
        "url": person.website,
        "description": person.bio,
        "email": holdings.email(database, access, settings.email_domain),
    }
    found: dict[str, Any] = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": addresses.person(person.username),
        "type": ["Profile"],
        "name": person.display_name or person.username,
        **{name: value for name, value in members.items() if value},
    }
    if person.avatar_hash and not person.opted_out:
        found["image"] = {"id": addresses.portrait(person.username), "type": "Image"}
    return found


def _change(database: Session, access: AppAccess, wanted: dict[str, Any]) -> None:
    """Change what may be changed; refuse what would change anything else."""
    person, present = access.person, _profile(database, access)
    for name, value in wanted.items():
        if name in CHANGED:
            if not isinstance(value, str):
                raise InvalidInputError("%(name)s: must be text", name=name)
        elif name != "@context" and value != present.get(name):
            raise InvalidInputError("%(name)r: cannot be changed here", name=name[:60])
    kept = Profile(
        display_name=person.display_name,
        bio=person.bio,
        website=person.website,
        locale=person.locale or "",
        theme=person.theme or "",
    )
    given = {CHANGED[name]: wanted[name] for name in CHANGED if name in wanted}
    if given.get("display_name") == person.username and not person.display_name:
        del given["display_name"]  # it was told for want of another
    preferences.change_profile(database, person, replace(kept, **given), locales=LANGUAGES)
