# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of forms that take whatever is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wtforms

if TYPE_CHECKING:
    from collections.abc import Sequence

#: No number that somebody means is longer.
MAX_DIGITS = 18


class IntegerField(wtforms.IntegerField):  # type: ignore[misc]  # WTForms has no types
    """A whole number: one of hundreds of digits is none, where `NumberRange` fails with 500."""

    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read what was typed; raises `ValueError` for what is no number."""
        if valuelist and len(valuelist[0].strip()) > MAX_DIGITS:
            self.data = None
            raise ValueError(self.gettext("Not a valid integer value."))
        super().process_formdata(valuelist)


class DecimalField(wtforms.DecimalField):  # type: ignore[misc]  # WTForms has no types
    """A number: one without a value is none, where `NumberRange` fails with 500."""

    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read what was typed; raises `ValueError` for what is no number."""
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(self.gettext("Not a valid decimal value."))
