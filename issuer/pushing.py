# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where badges go out to backpacks: one after the other, until each has its answer.

What is begun is noted before the backpack is asked and what it answered is noted after, each in a
transaction of its own: no transaction waits for a stranger, and whoever is killed in between loses
nothing and doubles nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.adapters.backpacks import badgr, oauth, open_backpack
from issuer.adapters.backpacks.calls import Calls
from issuer.adapters.backpacks.hosts import Host
from issuer.adapters.backpacks.results import Kind
from issuer.adapters.vault import Vault
from issuer.errors import (
    AccoladesError,
    BackpackAwayError,
    BackpackLoginError,
    NotFoundError,
    SealError,
)
from issuer.models import BackpackConnection
from issuer.services import attempts, backpacks, setbacks
from issuer.words import Said, Text
from openbadges.errors import OpenBadgesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.adapters.backpacks import Backpack
    from issuer.adapters.backpacks.results import Result
    from issuer.adapters.backpacks.tokens import Tokens
    from issuer.services.attempts import Work
    from issuer.site import Site

log = logging.getLogger(__name__)

#: So many badges go to one backpack before others have their turn.
BATCH = 25
#: Between two badges a backpack is left in peace.
REST = 0.2
NOT_UNDERSTOOD = Text("its answer cannot be understood")


def _now() -> datetime:
    return datetime.now(UTC)


def calls_of(site: Site) -> Calls:
    """Return what asks backpacks for a site."""
    return Calls(allow_loopback=site.settings.allow_loopback)


@dataclass(slots=True)
class Pusher:
    """Hands in badges for one site; any number may, in any number of processes."""

    site: Site
    calls: Calls
    clock: Callable[[], datetime] = _now
    rest: Callable[[float], object] = time.sleep
    is_stopped: Callable[[], bool] = field(default=lambda: False)
    _sealed: str | None = field(default=None, init=False)  # what opened the backpack in hand

    def push(self) -> int:
        """Work for one backpack; return how many badges had an answer, or were tried for it."""
        with self.site.database.writing() as session:
            number = attempts.take(session, now=self.clock())
        if number is None:
            return 0
        try:
            return self._serve(number)
        finally:
            with self.site.database.writing() as session:
                attempts.release(session, number)

    def _serve(self, number: int) -> int:
        backpack = self._open(number)
        tried, is_renewed = 0, False
        while backpack is not None and tried < BATCH and not self.is_stopped():
            work = self._begin(number)
            if work is None:
                break
            if tried:
                self.rest(REST)
            tried += 1
            try:
                goes_on = self._try(number, backpack, work)
            except BackpackLoginError as error:
                with self.site.database.writing() as session:
                    setbacks.give_back(session, work, now=self.clock())
                # Some backpacks end a token before its time: it is renewed once.
                backpack = None if is_renewed else self._open(number, renew=True)
                if is_renewed:
                    self._shut(number, error)
                is_renewed = True
            else:
                if not goes_on:
                    break
        return max(tried, 1)

    def _begin(self, number: int) -> Work | None:
        try:
            with self.site.database.writing() as session:
                return attempts.begin(session, number, self.site.keys, now=self.clock())
        except (AccoladesError, OpenBadgesError) as error:
            log.error("backpack %d: nothing can be made out for it: %s", number, error)  # noqa: TRY400 -- no defect of ours
            away = BackpackAwayError("this site cannot make the badges out now")
            self._put_off(number, away, None)
            return None

    def _try(self, number: int, backpack: Backpack, work: Work) -> bool:
        """Hand in one badge and note what came of it; tell whether to go on with the next.

        Raises `BackpackLoginError`.
        """
        try:
            result = _ask(backpack, work)
        except BackpackLoginError:
            raise
        except BackpackAwayError as error:
            self._put_off(number, error, work)
            return False
        except (AccoladesError, OpenBadgesError) as error:
            with self.site.database.writing() as session:
                setbacks.postpone(session, work, _text(error), now=self.clock())
            return True
        except Exception:  # what a stranger answers must not end the work for others
            log.exception("backpack %d: its answer cannot be understood", number)
            with self.site.database.writing() as session:
                setbacks.postpone(session, work, NOT_UNDERSTOOD, now=self.clock())
            return True
        with self.site.database.writing() as session:
            attempts.finish(session, work, result, now=self.clock())
        return True

    def _put_off(self, number: int, error: BackpackAwayError, work: Work | None) -> None:
        log.warning("backpack %d is tried again later: %s", number, error)
        with self.site.database.writing() as session:
            setbacks.put_off(
                session,
                number,
                error.text,
                now=self.clock(),
                seconds=error.seconds,
                work=work,
                is_unsure=error.is_unsure,
            )

    def _shut(self, number: int, error: Exception) -> None:
        log.warning("backpack %d: its owner has to sign in once more: %s", number, error)
        with self.site.database.writing() as session:
            setbacks.shut(session, number, self._sealed)

    def _open(self, number: int, *, renew: bool = False) -> Backpack | None:
        """Return a backpack that can be asked, or nothing where that was put off."""
        with self.site.database.reading() as session:
            connection = session.get(BackpackConnection, number)
            session.expunge_all()
        if connection is None:
            return None  # its owner removed it just now
        backpack, self._sealed = None, connection.tokens
        try:
            backpack = opened(self.site, self.calls, connection, now=self.clock(), renew=renew)
        except (BackpackLoginError, SealError) as error:
            self._shut(number, error)
        except BackpackAwayError as error:
            self._put_off(number, error, None)
        except AccoladesError as error:
            self._put_off(number, BackpackAwayError(error.text), None)
        else:
            self._sealed = connection.tokens
        return backpack


def opened(
    site: Site,
    calls: Calls,
    connection: BackpackConnection,
    *,
    now: datetime,
    renew: bool = False,
) -> Backpack:
    """Return the backpack of a connection; a token that ends is renewed, and kept, before.

    Raises `BackpackLoginError`, `BackpackAwayError` and `SealError`.
    """
    vault, kind = Vault(site.settings), Kind(connection.protocol)
    if connection.tokens is None:
        raise BackpackLoginError("the backpack gave no access that lasts")
    tokens = backpacks.tokens_of(connection, vault)
    if renew and not tokens.refresh:
        raise BackpackLoginError("the backpack does not believe the token any more")
    if renew or (tokens.is_old(now) and tokens.refresh):
        tokens = _renewed(site, calls, connection, tokens, now)
        with site.database.writing() as session:
            backpacks.keep_tokens(session, connection, tokens, vault)
    return open_backpack(kind, calls, _api(site, connection), tokens.access)


def _text(error: AccoladesError | OpenBadgesError) -> str:
    return error.text if isinstance(error, AccoladesError) else Said(str(error))


def _ask(backpack: Backpack, work: Work) -> Result:
    if work.withdraws:
        return backpack.withdraw(work.remote_id, work.delivery.document_id)
    return backpack.deliver(work.delivery, again=work.again)


def _api(site: Site, connection: BackpackConnection) -> str:
    if connection.protocol == Kind.BADGR:
        return connection.base_url
    return _host(site, connection)[0].api


def _renewed(
    site: Site, calls: Calls, connection: BackpackConnection, tokens: Tokens, now: datetime
) -> Tokens:
    if connection.protocol == Kind.BADGR:
        return badgr.refreshed(calls, connection.base_url, tokens, now)
    host, sealed = _host(site, connection)
    client = oauth.Client.load(Vault(site.settings).open(sealed))
    try:
        return oauth.refreshed(calls, host, client, tokens, now)
    except BackpackLoginError as error:
        if "invalid_client" in str(error):  # the host forgot us: the next login registers anew
            with site.database.writing() as session:
                backpacks.forget_host(session, connection.protocol, connection.base_url)
        raise


def _host(site: Site, connection: BackpackConnection) -> tuple[Host, str]:
    """Return a host, and our name there as it is sealed; raise `BackpackLoginError`."""
    try:
        with site.database.reading() as session:
            kept = backpacks.find_host(session, connection.protocol, connection.base_url)
            return Host.from_dict(kept.document), kept.client
    except NotFoundError as error:  # its owner signs in, and this site is registered once more
        raise BackpackLoginError("this site is not registered there any more") from error
