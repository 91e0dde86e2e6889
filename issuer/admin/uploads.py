# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures that were handed in with a form that is not saved yet; the oldest go."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField
from wtforms.validators import ValidationError

from issuer.adapters.pictures import MAX_BYTES, Picture, accept, read_picture
from issuer.errors import InvalidInputError, NotFoundError
from issuer.site import current_site
from issuer.telling import worded

if TYPE_CHECKING:
    from flask_wtf import FlaskForm
    from werkzeug.datastructures import FileStorage
    from wtforms import Field

KIND = "upload"
#: So many wait for their forms.
MOST = 1024
NAME = re.compile(r"[0-9a-f]{64}")


class CheckedPicture:
    """Takes the file of a field if it is a sound picture, and notes where it is in ``held``."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raise `ValidationError` with the reason why it is none."""
        file: FileStorage | None = field.data
        if not file or not file.filename:
            return
        try:
            form.held.data = hold(accept(file.read(MAX_BYTES + 1), file.filename))
        except InvalidInputError as error:
            raise ValidationError(worded(error)) from error


class PictureMixin:
    """The fields of a form with a picture; the second survives where the first cannot."""

    picture = FileField(
        _("Picture"),
        [CheckedPicture()],
        description=_("PNG or SVG of at most 5 MB, square, and good to see when it is small."),
        render_kw={"accept": "image/png,image/svg+xml,.png,.svg"},
    )
    held = HiddenField()


def hold(picture: Picture) -> str:
    """Keep a picture until its form is saved, and return its name."""
    name = sha256(picture.content).hexdigest()
    current_site().objects.put_made(KIND, name, picture.content, most=MOST)
    return name


def held(name: str | None) -> Picture | None:
    """Return a picture that was kept, None where no name was given.

    Raises `NotFoundError` where it is not there any more.
    """
    if not name:
        return None
    made = current_site().objects.get_made(KIND, name) if NAME.fullmatch(name) else None
    if made is None:
        raise NotFoundError(
            "picture %(name)r: is not kept any more: choose the file again", name=name[:80]
        )
    return read_picture(made.content, "upload")


def drop(name: str | None) -> None:
    """Forget a picture whose form was saved."""
    if name and NAME.fullmatch(name):
        current_site().objects.drop_made(KIND, name)


def is_held(name: str | None) -> bool:
    """Whether a picture of that name is kept."""
    try:
        return held(name) is not None
    except NotFoundError:
        return False
