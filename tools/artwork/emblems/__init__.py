# SPDX-License-Identifier: AGPL-3.0-or-later
"""The emblems, by theme. An emblem is a function that returns its elements from back to front."""
