# SPDX-License-Identifier: AGPL-3.0-or-later
"""The errors of the library: one root, a leaf for each case that callers handle differently."""

from __future__ import annotations


class OpenBadgesError(Exception):
    """The root of every error that this library raises on purpose."""


class MalformedError(OpenBadgesError):
    """A document breaks the rules of JSON or of the Open Badges standard."""


class UnsupportedError(OpenBadgesError):
    """A document may be right, but this version of the library cannot judge it."""


class KeyFormatError(OpenBadgesError):
    """A key cannot be read, is of an unknown kind, or is too weak to be used."""


class PassphraseError(KeyFormatError):
    """A private key is encrypted and the passphrase is missing or wrong."""


class SigningError(OpenBadgesError):
    """A document could not be signed."""


class VerificationError(OpenBadgesError):
    """A signature or a badge does not hold."""


class BakingError(OpenBadgesError):
    """A picture cannot be baked, or what was baked into it cannot be read without doubt."""


class NotBakedError(BakingError):
    """A picture is sound, but nothing is baked into it."""


class FetchError(OpenBadgesError):
    """A document could not be fetched; trying again later may help."""
