# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of what people take along, in the language in which they look at the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

from issuer import packing
from issuer.services import bundling, certifying
from issuer.services.exporting import Form
from issuer.services.kept_words import days, keep
from issuer.site import current_site
from issuer.web.languages import language, locale

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from issuer.models import Person
    from issuer.services.exporting import Exported


def form_words() -> dict[Form, str]:
    """Return what each form of a badge is, in words for people."""
    return {
        Form.PNG: _("Picture with the badge inside (PNG)"),
        Form.SVG: _("Drawing with the badge inside (SVG)"),
        Form.JSON: _("Open Badges 2.0 (JSON)"),
        Form.JWS: _("Open Badges 2.0, signed (JWS)"),
        Form.OB3: _("Open Badges 3.0 (JSON)"),
        Form.OB3_JWT: _("Open Badges 3.0 (JWT)"),
        Form.PDF: _("Certificate (PDF)"),
    }


def certificate_words() -> certifying.Words:
    """Return what stands on a certificate beside what the badge says."""
    return certifying.Words(
        language=language(),
        eyebrow=_("Certificate"),
        awarded=_("This badge was awarded to"),
        issued=_("Awarded on %(day)s by %(issuer)s"),
        until=_("Valid until %(day)s"),
        why=_("Why"),
        criteria=_("What it takes"),
        check=_("Check it at"),
        attached=_("The signed badge is attached to this file."),
        day=days(locale()),
    )


def bundle_words() -> bundling.Words:
    """Return how the page inside a ZIP speaks."""
    return bundling.Words(
        language=language(),
        title=_("Badges of %(name)s"),
        lead=_("Made by %(site)s on %(day)s. Each file holds its badge and its proof."),
        awarded=_("Awarded on %(day)s by %(issuer)s"),
        expired=_("Expired on %(day)s"),
        address=_("Public page"),
        files=form_words(),
        day=days(locale()),
    )


def certifier(person: Person) -> Callable[[Exported], bytes]:
    """Return what draws the certificates of a person; it needs no request any more."""
    name = person.display_name or person.username
    return packing.certifier(current_site(), name, certificate_words())


def bundle(person: Person, *, with_certificates: bool, now: datetime) -> bundling.Bundle:
    """Return whose badges go into a ZIP, and how its page speaks."""
    site = current_site()
    return bundling.Bundle(
        name=person.display_name or person.username,
        site=site.settings.site_name,
        objects=site.objects,
        now=now,
        words=bundle_words(),
        certify=certifier(person) if with_certificates else None,
    )


def kept() -> dict[str, Any]:
    """Return the words of a ZIP that is made later, when no browser asks."""
    return keep(bundle_words(), certificate_words(), locale())
