# SPDX-License-Identifier: AGPL-3.0-or-later
"""The login at a host: registration of this site, a code with PKCE, tokens and their renewal."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from issuer.adapters.backpacks.hosts import OFFLINE, WANTED
from issuer.adapters.backpacks.results import plain, text_at
from issuer.adapters.backpacks.tokens import granted, is_token
from issuer.errors import BackpackBrokenError, BackpackLoginError, BackpackUnfitError
from issuer.words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from issuer.adapters.backpacks.calls import Calls, Reply
    from issuer.adapters.backpacks.hosts import Host
    from issuer.adapters.backpacks.tokens import Tokens

SOFTWARE_ID = "accolades"
RETURN = "/my/backpacks/return"
BASIC, POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True)
class Client:
    """Under what name this site is known at a host."""

    id: str
    secret: str
    auth: str
    scope: str

    def dump(self) -> str:
        """Return it as a text, to be sealed."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Client:
        """Return it from the text that `dump` made."""
        return cls(**json.loads(text))


def register(calls: Calls, host: Host, *, name: str, base_url: str, version: str) -> Client:
    """Make this site known at a host (RFC 7591); raise `BackpackUnfitError` where it will not."""
    about = {
        "client_name": name,
        "client_uri": base_url,
        "logo_uri": f"{base_url}/logo.png",
        "tos_uri": f"{base_url}/about/terms",
        "policy_uri": f"{base_url}/about/privacy",
        "software_id": SOFTWARE_ID,
        "software_version": version,
        "redirect_uris": [base_url + RETURN],
        "token_endpoint_auth_method": BASIC,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    wanted = host.scopes
    reply = _register(calls, host, about, wanted)
    if reply.status == HTTPStatus.BAD_REQUEST and OFFLINE in wanted:
        wanted = WANTED[host.kind]
        reply = _register(calls, host, about, wanted)
    body = reply.json()
    client_id = text_at(body, "client_id")
    if not reply.is_good or not is_token(client_id):
        raise BackpackUnfitError(
            "%(address)s: does not register this site (%(status)s): %(reason)s",
            address=host.base_url,
            status=reply.status,
            reason=Said(reply.words()[:200]),
        )
    secret, auth = text_at(body, "client_secret"), text_at(body, "token_endpoint_auth_method")
    given = text_at(body, "scope")
    scope = given if any(each in given.split() for each in wanted) else " ".join(wanted)
    return Client(client_id, secret, auth if auth in {BASIC, POST, "none"} else BASIC, scope)


def new_verifier() -> str:
    """Return a secret of one login, by which its code is of no use to others (RFC 7636)."""
    return secrets.token_urlsafe(48)


def authorization_url(host: Host, client: Client, base_url: str, state: str, verifier: str) -> str:
    """Return where somebody says that this site may hand in their badges."""
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": base_url + RETURN,
        "scope": client.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    separator = "&" if "?" in host.authorization_url else "?"
    return f"{host.authorization_url}{separator}{urlencode(query)}"


def exchange_code(
    calls: Calls,
    host: Host,
    client: Client,
    code: str,
    *,
    base_url: str,
    verifier: str,
    now: datetime,
) -> Tokens:
    """Return tokens for the code of a login; raise `BackpackLoginError` where it is no good."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": base_url + RETURN,
        "scope": client.scope,
        "code_verifier": verifier,
    }
    return _granted(_tokens(calls, host.token_url, client, form), now)


def refreshed(calls: Calls, host: Host, client: Client, tokens: Tokens, now: datetime) -> Tokens:
    """Return new tokens for old ones; raise `BackpackLoginError` where the host gives none."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh,
        "scope": client.scope,
    }
    url = host.refresh_url or host.token_url
    return _granted(_tokens(calls, url, client, form), now, former=tokens)


def _register(calls: Calls, host: Host, about: dict[str, Any], scopes: Sequence[str]) -> Reply:
    return calls.ask("POST", host.registration_url, json={**about, "scope": " ".join(scopes)})


def _tokens(calls: Calls, url: str, client: Client, form: dict[str, str]) -> Reply:
    if client.auth == BASIC and client.secret:
        return calls.ask("POST", url, basic=(client.id, client.secret), form=form)
    own = {"client_id": client.id}
    if client.secret:
        own["client_secret"] = client.secret
    return calls.ask("POST", url, form={**form, **own})


def _granted(reply: Reply, now: datetime, former: Tokens | None = None) -> Tokens:
    body = reply.json()
    names_error = isinstance(body, dict) and "error" in body and reply.status < 500
    if names_error or reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        said = plain(f"{text_at(body, 'error')} {text_at(body, 'error_description')}")[:200]
        raise BackpackLoginError(
            "the host gives no token (%(status)s): %(said)s", status=reply.status, said=Said(said)
        )
    if not reply.is_good or not isinstance(body, dict):
        # A host in trouble, or something before it: the tokens that we have may be good still.
        raise BackpackBrokenError(
            "the host broke as it was asked for a token (%(status)s): %(reason)s",
            status=reply.status,
            reason=Said(reply.words()[:200]),
        )
    made = granted(body, now=now, former=former)
    # A host that does not renew gives the former one again, or nothing.
    return replace(made, refresh=made.refresh or (former.refresh if former else ""))
