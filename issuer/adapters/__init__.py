# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that talks to the world outside."""
