# SPDX-License-Identifier: AGPL-3.0-or-later
"""The interface for programs: JSON in, JSON out, no cookie."""

from issuer.api.verifying import blueprint, init_app

__all__ = ["blueprint", "init_app"]
