# SPDX-License-Identifier: AGPL-3.0-or-later
"""Open Badges as a library: documents, signing, baking, verifying; no I/O of its own."""
