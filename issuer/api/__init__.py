# SPDX-License-Identifier: AGPL-3.0-or-later
"""The interface for programs: JSON in, JSON out, no cookie."""

from issuer.api import awards, describing, invitations, mine, programs, verifying

#: Anybody verifies; whoever brings a token does what its person may do.
PARTS = (verifying, programs, describing)
#: What adds its addresses to one of them.
ADDED = (awards, invitations, mine)

__all__ = ["ADDED", "PARTS"]
