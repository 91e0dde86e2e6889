# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from issuer import config
from issuer.config import FILE_LIMIT, Settings, config_path, load_settings
from issuer.errors import ConfigurationError

SECRET = "correct horse"  # noqa: S105 (nobody's)


def write(folder: Path, text: str | bytes) -> dict[str, str]:
    """Write the configuration file and return the environment that names it."""
    path = folder / "site.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return {"ACCOLADES_CONFIG": str(path)}


def mistakes(environ: dict[str, str]) -> list[str]:
    """Return what the start says."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return caught.value.mistakes


def test_nothing_configured_is_a_site_on_this_machine() -> None:
    settings = load_settings({"ACCOLADES_HOME": "/nonexistent"})
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database == "sqlite:////nonexistent/accolades.sqlite"
    assert settings.objects == Path("/nonexistent/objects")
    assert settings.keys == Path("/nonexistent/keys")
    assert settings.issuer_home_page == settings.base_url
    assert not settings.demo


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = write(tmp_path, 'site_name = "File"\nsite_claim = "Kept"\nrules = ["a"]\n')
    settings = load_settings({**environ, "ACCOLADES_SITE_NAME": "Env", "ACCOLADES_RULES": "b, c,"})
    assert (settings.site_name, settings.site_claim) == ("Env", "Kept")
    assert settings.rules == (Path("b"), Path("c"))


def test_an_empty_variable_overrides_nothing(tmp_path: Path) -> None:
    environ = write(tmp_path, 'site_name = "File"\n')
    assert load_settings({**environ, "ACCOLADES_SITE_NAME": ""}).site_name == "File"


def test_the_file_in_the_home_folder_is_read_where_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "accolades.toml").write_text('site_name = "Home"\n')
    environ = {"ACCOLADES_HOME": str(tmp_path)}
    assert config_path(environ) == tmp_path / "accolades.toml"
    assert load_settings(environ).site_name == "Home"
    named = write(tmp_path, 'site_name = "Named"\n')
    assert load_settings({**environ, **named}).site_name == "Named"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("yes", True), ("0", False), ("false", False), ("off", False)],
)
def test_a_switch_has_the_usual_words(text: str, *, value: bool) -> None:
    assert load_settings({"ACCOLADES_ALLOW_LOOPBACK": text}).allow_loopback is value


def test_what_only_tests_and_tools_read_is_no_setting() -> None:
    load_settings({"ACCOLADES_SHARED": "x", "ACCOLADES_TEST_RUN": "y", "OTHER": "z"})


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = 'colour = "red"\nissuer_email = "nobody"\ndemo = "perhaps"\n[issuer]\nname = "x"\n'
    found = mistakes(
        {
            **write(tmp_path, text),
            "ACCOLADES_BASE_URL": "ftp://badges.example.org",
            "ACCOLADES_BASE_URI": "https://badges.example.org",
            "ACCOLADES_ISSUER_SLUG": "Not A Slug",
            "ACCOLADES_SECRET_KEY_FILE": str(tmp_path / "absent"),
        }
    )
    names = ["ACCOLADES_BASE_URI", "secret_key_file", "base_url", "issuer_slug", "issuer_email"]
    for name in [*names, "demo", "colour", "issuer"]:
        assert sum(mistake.startswith(f"{name}: ") for mistake in found) == 1, name
    assert len(found) == 8
    assert all(mistake.isprintable() for mistake in found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("site_name", "not TOML"),
        ('a = 1\na = 2\n"', "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (b"x" * (FILE_LIMIT + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    (mistake,) = mistakes(write(tmp_path, content))
    assert str(tmp_path / "site.toml") in mistake
    assert said in mistake


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (mistake,) = mistakes({"ACCOLADES_CONFIG": str(tmp_path / name)})
    assert "cannot be read" in mistake
    assert "check ACCOLADES_CONFIG" in mistake


@pytest.mark.parametrize(
    "url", ["https://fasjson.example.org", "http://127.0.0.1:8080/fasjson/", "https://x.org/a/b"]
)
def test_a_directory_of_accounts_has_an_address(url: str) -> None:
    settings = load_settings({"ACCOLADES_ACCOUNTS": "fasjson", "ACCOLADES_FASJSON_URL": url})
    assert (settings.accounts, settings.fasjson_url) == ("fasjson", url)


@pytest.mark.parametrize(
    "environ",
    [
        {"ACCOUNTS": "fasjson"},
        {"ACCOUNTS": "ldap"},
        {"FASJSON_AUTH": "password"},
        {"ACCOUNTS_CACHE_SECONDS": "0"},
        {"ACCOUNTS_MISSING_SECONDS": "-1"},
        {"OPENID_HOST": "https://id.example.org"},
        {"DISTGIT_HOST": "src.example.org/user"},
        {"OUTBOX_KEEP_DAYS": "-1"},
        *(
            {"FASJSON_URL": url}
            for url in (
                "fasjson.example.org",
                "ftp://fasjson.example.org",
                "https://user:secret@fasjson.example.org/",
                "https://fasjson.example.org/?a=b",
                "https://fasjson.example.org/a/../b",
                "https://[::1",
                "https://fasjson.example.org:99999999",
            )
        ),
    ],
    ids=str,
)
def test_a_wrong_setting_of_accounts_or_outbox_is_named(environ: dict[str, str]) -> None:
    (mistake,) = mistakes({f"ACCOLADES_{name}": value for name, value in environ.items()})
    name = "fasjson_url" if environ == {"ACCOUNTS": "fasjson"} else next(iter(environ)).lower()
    assert mistake.startswith(f"{name}: ")
    assert "secret" not in mistake


@pytest.mark.parametrize(
    "url",
    [
        "https://badges.example.org",
        "https://badges.example.org/",
        "https://badges.example.org:8443",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
    ],
)
def test_the_base_url_is_an_origin_without_a_slash(url: str) -> None:
    assert Settings(base_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "badges.example.org",
        "//badges.example.org",
        "ftp://badges.example.org",
        "javascript:alert(1)",
        "https://",
        "https://[::1",
        "https://user@badges.example.org",
        "https://badges.example.org/path",
        "https://badges.example.org?a=b",
        "https://badges.example.org#a",
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        Settings(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://badges.example.org:port",
        "https://badges.example.org:99999",
        "https://badges example.org",
        'https://badges.example.org"><script>',
        "https://@badges.example.org",
        "https://badges.example.org?",
        "https://badges.example.org/#",
    ],
)
def test_an_origin_that_would_break_every_document_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        Settings(base_url=url)


def test_the_base_url_is_in_lower_case() -> None:
    assert Settings(base_url="HTTPS://Badges.Example.org").base_url == "https://badges.example.org"


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    environ = {"ACCOLADES_SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert load_settings(environ).secret_key == SECRET
    assert load_settings(write(tmp_path, f"secret_key_file = '{tmp_path}/secret'")).secret_key


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    (mistake,) = mistakes({"ACCOLADES_KEY_PASSPHRASE_FILE": str(path)})
    assert mistake.startswith(f"key_passphrase_file: {path}: cannot be read")


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    assert mistakes({"ACCOLADES_SECRET_KEY_FILE": str(tmp_path / "secret")})


def test_a_file_of_secrets_is_small(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    assert mistakes({"ACCOLADES_SECRET_KEY_FILE": str(tmp_path / "secret")})


def test_a_secret_of_the_environment_overrides_the_one_that_the_file_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("old")
    environ = write(tmp_path, f"secret_key_file = '{tmp_path}/secret'")
    assert load_settings({**environ, "ACCOLADES_SECRET_KEY": SECRET}).secret_key == SECRET


@pytest.mark.parametrize(
    "name", ["secret_key", "key_passphrase", "oidc_client_secret", "history_url"]
)
def test_a_mistake_in_a_secret_does_not_show_it(tmp_path: Path, name: str) -> None:
    (mistake,) = mistakes(write(tmp_path, f"{name} = 8675309\n"))
    assert "8675309" not in mistake


def test_a_long_value_is_cut() -> None:
    (mistake,) = mistakes({"ACCOLADES_ISSUER_EMAIL": "x" * 10_000})
    assert len(mistake) < 200


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://localhost/x", "postgresql://localhost:port/x"]
)
def test_an_address_that_is_none_of_a_database_is_a_mistake(url: str) -> None:
    (mistake,) = mistakes({"ACCOLADES_DATABASE_URL": url})
    assert mistake.startswith("database_url: ")


@pytest.mark.parametrize(
    "url", ["redis://:s3cret@host/", "amqp:///s3cret", "s3cret", "amqps://host/v?ca file=s3cret"]
)
def test_a_broker_is_one_of_amqp(url: str) -> None:
    (mistake,) = mistakes({"ACCOLADES_BROKER_URL": url})
    assert mistake.startswith("broker_url: must be like amqp://")
    assert "s3cret" not in mistake


def test_a_broker_needs_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"ACCOLADES_BROKER_URL": "amqps://u:p@host/v?cafile=/etc/ca.pem&certfile=/etc/c.pem"}
    assert load_settings(good).broker_url
    monkeypatch.setattr(config, "find_spec", lambda _name: None)
    assert load_settings({}).broker_url == ""
    (mistake,) = mistakes(good)
    assert mistake == (
        "broker_url: needs Celery: install the extra `worker`, or remove the setting"
    )


@pytest.mark.parametrize(
    ("history", "url"),
    [
        ("datanommer", ""),
        ("datanommer", "https://apps.example.org/datagrepper"),
        ("datanommer", "sqlite:///messages"),
        ("datagrepper", ""),
        ("datagrepper", "postgresql://reader:s3cret@host/messages"),
        ("datagrepper", "https://apps.example.org/datagrepper?user=asha"),
    ],
)
def test_a_history_needs_its_own_kind_of_address(history: str, url: str) -> None:
    (mistake,) = mistakes({"ACCOLADES_HISTORY": history, "ACCOLADES_HISTORY_URL": url})
    assert mistake.startswith("history_url: must be the ")
    assert "s3cret" not in mistake


def test_a_history_is_one_of_three_and_ends_at_a_moment_with_a_zone() -> None:
    environ = {
        "ACCOLADES_HISTORY": "datagrepper",
        "ACCOLADES_HISTORY_URL": "https://apps.example.org/datagrepper",
        "ACCOLADES_HISTORY_UNTIL": "2026-11-01T00:00:00Z",
    }
    assert load_settings(environ).history_until == datetime(2026, 11, 1, tzinfo=UTC)
    assert mistakes({**environ, "ACCOLADES_HISTORY_UNTIL": "2026-11-01T00:00:00"})
    assert mistakes({**environ, "ACCOLADES_HISTORY": "elsewhere"})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().demo = True


def test_tables_are_read_from_the_file_and_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "accolades.toml"
    file.write_text('[lifecycle_badges]\n1 = "egg"\n[grant_lists]\nveteran = "list"\n')
    environ = {"ACCOLADES_CONFIG": str(file), "ACCOLADES_GROUP_BADGES": "a=b, c:sponsors = d"}
    settings = load_settings({**environ, "ACCOLADES_STREAK_BADGES": "-"})
    assert settings.lifecycle_badges == {1: "egg"}
    assert settings.grant_lists == {"veteran": Path("list")}
    assert settings.group_badges == {"a": "b", "c:sponsors": "d"}
    assert settings.streak_badges == {}
    wrong = {"ACCOLADES_LIFECYCLE_BADGES": "x=egg", "ACCOLADES_GROUP_BADGES": "packager"}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(wrong)
    assert len(caught.value.mistakes) == 2
    assert "must be like name=value" in caught.value.mistakes[0]
    assert caught.value.mistakes[1].startswith("lifecycle_badges.x")
