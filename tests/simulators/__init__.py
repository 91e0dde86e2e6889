# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backpacks elsewhere, simulated: real servers that take and refuse as the real ones do."""

from __future__ import annotations

from tests.simulators.badgr import BadgrSimulator
from tests.simulators.credentials import CredentialSimulator
from tests.simulators.hosts import ConnectSimulator

__all__ = ["BadgrSimulator", "ConnectSimulator", "CredentialSimulator"]
