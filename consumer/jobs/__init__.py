# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scheduled issuers: jobs that run by the clock and give the badges that no message triggers."""
