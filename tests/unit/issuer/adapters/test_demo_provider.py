# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re
import socket
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from issuer.adapters.demo_provider import DemoPermit, DemoProvider, DemoUser, start
from issuer.config import Settings
from issuer.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "http://127.0.0.1:8000"
USERS = (
    DemoUser("ada", "Ada Lovelace", "ada@example.org", role="contributor"),
    DemoUser("grace", "Grace <Hopper>", "grace@example.org", ("sysadmin-badges",)),
)
FOREIGN = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//([^/"'\s>]+)""", re.IGNORECASE)


@pytest.fixture(scope="module")
def provider() -> Iterator[DemoProvider]:
    with start(permit(), USERS, port=0) as running:
        yield running


def permit(**changes: Any) -> DemoPermit:
    return DemoPermit(Settings(**{"demo": True, "base_url": SITE, **changes}))


def authorize(provider: DemoProvider, **changes: str) -> str:
    query = {
        "client_id": provider.client_id,
        "redirect_uri": f"{SITE}/login/callback",
        "response_type": "code",
        "scope": "openid profile email",
        "state": "st",
        "nonce": "n",
        **changes,
    }
    request = requests.Request("GET", f"{provider.issuer}/oauth2/authorize", params=query)
    return request.prepare().url or ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"demo": False}, "not a demo", id="production"),
        pytest.param(
            {"base_url": "https://badges.example.org"}, "not on this machine", id="public"
        ),
        pytest.param({"base_url": "http://192.168.0.7:8000"}, "not on this machine", id="network"),
        pytest.param(
            {"base_url": "http://127.0.0.1.evil.example"}, "not on this machine", id="lookalike"
        ),
        pytest.param({"oidc_issuer": "https://id.example.org"}, "real provider", id="configured"),
    ],
)
def test_it_is_refused_outside_a_demo_on_this_machine(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"demo login: refused: .*{said}"):
        permit(**settings)


def test_it_listens_on_this_machine_only(provider: DemoProvider) -> None:
    assert urlsplit(provider.issuer).hostname == "127.0.0.1"
    assert provider._server.socket.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} cannot be used: .*choose"):
            start(permit(), USERS, port=port)


@pytest.mark.parametrize("site_is_last", [False, True])
def test_the_usual_port_is_beside_the_one_of_the_site(site_is_last: bool) -> None:
    with socket.create_server(("127.0.0.1", 65534 if site_is_last else 0)) as taken:
        port = taken.getsockname()[1]
        base_url = f"http://127.0.0.1:{65535 if site_is_last else port - 1}"
        with pytest.raises(ConfigurationError, match=f"port {port} cannot be used"):
            start(permit(base_url=base_url), USERS)


def test_it_gives_the_site_what_it_needs(provider: DemoProvider) -> None:
    settings = provider.configure(permit().settings)
    assert settings.oidc_issuer == provider.issuer
    assert settings.oidc_client_id == provider.client_id
    assert settings.oidc_client_secret == provider.client_secret
    assert settings.base_url == SITE


def test_a_stopped_provider_frees_its_port() -> None:
    provider = start(permit(), USERS, port=0)
    provider.stop()
    with socket.create_server(("127.0.0.1", urlsplit(provider.issuer).port or 0)):
        pass


def test_a_missing_library_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "oidc_provider_mock", None)
    with pytest.raises(ConfigurationError, match=r"install fedora-accolades\[demo\]"):
        start(permit(), USERS, port=0)


def test_the_secret_is_not_in_its_text(provider: DemoProvider) -> None:
    assert provider.client_secret not in repr(provider)


def test_everybody_has_a_button_and_the_warning_is_said(provider: DemoProvider) -> None:
    page = requests.get(authorize(provider), timeout=5)

    assert page.status_code == 200
    assert "no password, never use in production" in page.text
    assert 'value="demo-ada"' in page.text
    assert 'value="demo-grace"' in page.text
    assert "Grace &lt;Hopper&gt;" in page.text
    assert "ada · contributor" in page.text
    assert "grace · sysadmin-badges" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/", 200, id="front"),
        pytest.param("form", 200, id="form"),
        pytest.param("/oauth2/authorize", 400, id="no-client"),
        pytest.param("/nowhere", 404, id="unknown"),
    ],
)
def test_no_page_asks_anything_of_another_host(
    provider: DemoProvider, path: str, status: int
) -> None:
    url = authorize(provider) if path == "form" else provider.issuer + path
    page = requests.get(url, timeout=5)

    assert page.status_code == status
    assert "never use in production" in page.text
    assert set(FOREIGN.findall(page.text)) <= {urlsplit(SITE).netloc}
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_its_style_sheet_is_its_own_and_complete(provider: DemoProvider) -> None:
    style = requests.get(f"{provider.issuer}/demo.css", timeout=5)

    assert style.status_code == 200
    assert style.headers["Content-Type"].startswith("text/css")
    assert not re.search(r"url\(|@import|//", style.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/oidc/login"),
        ("POST", "/oidc/login"),
        ("GET", "/oidc/authorized"),
        ("POST", "/oauth2/clients"),
        ("GET", "/oauth2/end_session"),
        ("POST", "/oauth2/end_session/confirm"),
        ("GET", "/console"),
    ],
)
def test_what_the_library_has_beyond_a_login_is_off(
    provider: DemoProvider, method: str, path: str
) -> None:
    answer = requests.request(method, provider.issuer + path, json={}, timeout=5)
    assert answer.status_code == 404


def test_the_debugger_is_off(provider: DemoProvider) -> None:
    answer = requests.get(
        provider.issuer,
        params={"__debugger__": "yes", "cmd": "resource", "f": "style.css"},
        timeout=5,
    )
    assert "Demo login" in answer.text
    assert provider.app.debug is False


def test_people_choose_themselves_and_go_back_with_a_code(provider: DemoProvider) -> None:
    answer = requests.post(
        authorize(provider), data={"sub": "demo-ada"}, allow_redirects=False, timeout=5
    )

    assert answer.status_code == 302
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{SITE}/login/callback"
    assert parse_qs(back.query)["state"] == ["st"]
    assert parse_qs(back.query)["code"]


def test_nobody_else_gets_in(provider: DemoProvider) -> None:
    answer = requests.post(
        authorize(provider), data={"sub": "root"}, allow_redirects=False, timeout=5
    )
    assert answer.status_code == 400
    assert "Only the people of the demo" in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"redirect_uri": "https://evil.example/"}, id="foreign-address"),
        pytest.param({"client_id": "unknown"}, id="unknown-client"),
    ],
)
def test_codes_go_to_our_site_only(provider: DemoProvider, changes: dict[str, str]) -> None:
    url = authorize(provider, **changes)
    for answer in (
        requests.get(url, allow_redirects=False, timeout=5),
        requests.post(url, data={"sub": "demo-ada"}, allow_redirects=False, timeout=5),
    ):
        assert answer.status_code in {400, 401}
        assert "Location" not in answer.headers


def test_another_host_name_is_refused(provider: DemoProvider) -> None:
    answer = requests.get(provider.issuer, headers={"Host": "evil.example"}, timeout=5)
    assert answer.status_code == 400


def test_the_claims_are_those_that_the_site_reads() -> None:
    assert USERS[1].claims == {
        "nickname": "grace",
        "preferred_username": "grace",
        "name": "Grace <Hopper>",
        "email": "grace@example.org",
        "email_verified": True,
        "groups": ["sysadmin-badges"],
    }
