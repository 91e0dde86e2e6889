# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures and ratios, each to something measured in the same run; `make bench` runs them all."""
