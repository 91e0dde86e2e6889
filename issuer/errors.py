# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong in the issuer; every text says what, with what, and what to do."""

from __future__ import annotations


class AccoladesError(Exception):
    """Root of all errors of the issuer."""


class ConfigurationError(AccoladesError):
    """The configuration cannot be used; one line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


class NotFoundError(AccoladesError):
    """What was asked for is not here, or is not to be shown."""


class GoneError(NotFoundError):
    """It was here once and will not come back."""


class ConflictError(AccoladesError):
    """The request contradicts what is stored."""


class InvalidInputError(AccoladesError):
    """Something handed in cannot be read or may not be accepted."""


class OptedOutError(AccoladesError):
    """The person wants no badges."""


class KeyUnavailableError(AccoladesError):
    """No signing key can be used."""


class DatabaseNotReadyError(AccoladesError):
    """The database is unreachable or its tables are not those of this version."""


class DatabaseAwayError(DatabaseNotReadyError):
    """The database is unreachable now; it may be back later."""


class AccountsAwayError(AccoladesError):
    """The directory of accounts does not answer now; the same can be asked again later."""


class AccountUnclearError(AccoladesError):
    """The directory of accounts answers, but cannot answer this question."""


class BrokerAwayError(AccoladesError):
    """The broker cannot be reached, or takes no messages now."""


class MessageDelayedError(AccoladesError):
    """The broker does not take this message now; others it may."""


class MessageRefusedError(AccoladesError):
    """The message can never be sent as it is."""


class HistoryAwayError(AccoladesError):
    """The history outside cannot be asked now, or answers in part: the same may do later."""


class HistoryRefusedError(AccoladesError):
    """What is asked of the history outside can never be answered as it is."""


class MailAwayError(AccoladesError):
    """The mail server cannot be reached, or takes no letters now."""


class MailRefusedError(AccoladesError):
    """The mail server will never take this letter."""
