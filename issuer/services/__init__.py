# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the issuer does: functions that take a session, flush, and leave the commit to the edge."""
