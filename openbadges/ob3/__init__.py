# SPDX-License-Identifier: AGPL-3.0-or-later
"""Open Badges 3.0: badges as Verifiable Credentials, made, signed and read."""
