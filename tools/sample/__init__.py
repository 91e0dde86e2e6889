# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bundled sample of bus messages: invented people, packages and texts in the real schemas."""
