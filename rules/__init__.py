# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badge rule engine: a message in, candidates for a badge out."""
