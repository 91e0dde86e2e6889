# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong in the issuer; every text says what, with what, and what to do.

A text that somebody may read on a page has its values beside it, so that it can be translated:
``ConflictError("badge %(badge)r: is retired", badge=badge.slug)``. What only operators read is
an f-string.
"""

from __future__ import annotations

from issuer.words import Text


class AccoladesError(Exception):
    """Root of all errors of the issuer: ``str()`` is English, ``text`` can be translated."""

    def __init__(self, text: str = "", /, **values: object) -> None:
        self.text = Text(text, **values)
        super().__init__(self.text)


class ConfigurationError(AccoladesError):
    """The configuration cannot be used; one line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


class NotFoundError(AccoladesError):
    """What was asked for is not here, or is not to be shown."""


class GoneError(NotFoundError):
    """It was here once and will not come back."""


class InvitationClosedError(GoneError):
    """Nobody gets a badge by this invitation any more."""


class ForbiddenError(AccoladesError):
    """Who asks has no right to it."""


class ConflictError(AccoladesError):
    """The request contradicts what is stored."""


class InvalidInputError(AccoladesError):
    """Something handed in cannot be read or may not be accepted."""


class OptedOutError(AccoladesError):
    """The person wants no badges."""


class KeyUnavailableError(AccoladesError):
    """No signing key can be used."""


class KeyMissingError(KeyUnavailableError):
    """A store of keys has no such key; another may have it."""


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


class BackpackAwayError(AccoladesError):
    """A backpack cannot be reached, or takes nothing now; the same may do later."""

    def __init__(
        self,
        text: str,
        /,
        *,
        seconds: float | None = None,
        is_unsure: bool = False,
        **values: object,
    ) -> None:
        self.seconds = seconds  # how long it asks to be left alone
        self.is_unsure = is_unsure  # whether what was sent may have arrived
        super().__init__(text, **values)


class BackpackBrokenError(AccoladesError):
    """A backpack broke on this request, or answers what cannot be understood."""


class BackpackLoginError(AccoladesError):
    """A backpack does not believe us any more; its owner has to sign in there once more."""


class BackpackUnfitError(AccoladesError):
    """What is at an address is no backpack that we can use as asked."""


class SealError(AccoladesError):
    """What was sealed cannot be opened with the keys of this site."""


class SourceAwayError(AccoladesError):
    """What a job asks outside does not answer now, or not as it should; it may do so later."""


class JobBusyError(AccoladesError):
    """The job runs already."""


class JobInterruptedError(AccoladesError):
    """A run could not come to its end; the next one goes on from there."""


class BundleError(InvalidInputError):
    """A ZIP is not one of badges, or what is in it is not what was packed."""
