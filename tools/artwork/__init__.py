# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws the pictures of the bundled badges and of the site: ``python -m tools.artwork``."""
