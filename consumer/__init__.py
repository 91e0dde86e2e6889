# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bus side: messages in, awards out."""
