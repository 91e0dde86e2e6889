# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of signing keys: every mistake at once, and no secret in any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer import keysettings
from issuer.config import load_settings
from issuer.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "ACCOLADES_KEY_2026_0123456789AB"
PEM = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"


def mistakes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    found = caught.value.mistakes
    assert not any("s3cret" in each for each in found)
    return found


def test_keys_lie_in_the_folder_unless_something_else_is_said(tmp_path: Path) -> None:
    assert load_settings({}).key_stores == ("folder",)
    file = tmp_path / "accolades.toml"
    file.write_text('key_stores = ["environment", "folder"]\n')
    environ = {"ACCOLADES_CONFIG": str(file), VARIABLE: PEM}
    assert load_settings(environ).key_stores == ("environment", "folder")
    environ = {"ACCOLADES_KEY_STORES": "environment", f"{VARIABLE}_FILE": str(file), VARIABLE: ""}
    file.write_text(PEM)
    assert load_settings(environ).key_stores == ("environment",)


def test_a_token_needs_a_module_a_label_and_a_pin(tmp_path: Path) -> None:
    found = mistakes({"ACCOLADES_KEY_STORES": "pkcs11, folder"})
    assert [each.partition(":")[0] for each in found] == [
        "pkcs11_module",
        "pkcs11_token",
        "pkcs11_pin",
    ]
    module, pin = tmp_path / "module.so", tmp_path / "pin"
    module.write_bytes(b"")
    pin.write_text("123456\n")
    settings = load_settings(
        {
            "ACCOLADES_KEY_STORES": "pkcs11",
            "ACCOLADES_PKCS11_MODULE": str(module),
            "ACCOLADES_PKCS11_TOKEN": "badges",
            "ACCOLADES_PKCS11_PIN_FILE": str(pin),
        }
    )
    assert (settings.pkcs11_module, settings.pkcs11_pin) == (module, "123456")


def test_the_package_for_tokens_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keysettings, "find_spec", lambda _name: None)
    (mistake,) = mistakes({"ACCOLADES_KEY_STORES": "pkcs11"})
    assert "pip install 'fedora-accolades[pkcs11]'" in mistake
    assert load_settings({}).key_stores == ("folder",)


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"KEY_STORES": "folder, folder"}, ["key_stores"]),
        ({"KEY_STORES": "cloud"}, ["key_stores.0"]),
        ({"KEY_STORES": ","}, ["key_stores"]),
        ({"KEY_2026_0123456789AB": PEM}, [VARIABLE]),
        ({"KEY_2026_0123456789AB_FILE": "/s3cret"}, [f"{VARIABLE}_FILE"]),
        ({"KEY_2026": PEM}, ["ACCOLADES_KEY_2026"]),
        ({"KEY_STORES": "environment", "KEY_2026_0123456789AB": "s3cret"}, [VARIABLE]),
        (
            {
                "KEY_STORES": "environment, pkcs11",
                "KEY_2026_0123456789AB": "s3cret",
                "PKCS11_PIN": "s3cret",
                "PKCS11_TOKEN": "x" * 33,
            },
            [VARIABLE, "pkcs11_module", "pkcs11_token"],
        ),
    ],
    ids=str,
)
def test_every_mistake_is_told_at_once(environ: dict[str, str], names: list[str]) -> None:
    found = mistakes({f"ACCOLADES_{name}": value for name, value in environ.items()})
    assert [each.partition(":")[0] for each in found] == names


def test_a_mistake_in_the_file_breaks_no_look_at_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "accolades.toml"
    file.write_text("key_stores = 5\npkcs11_pin = 8675309\n")
    found = mistakes({"ACCOLADES_CONFIG": str(file), VARIABLE: PEM})
    assert [each.partition(":")[0] for each in found] == [VARIABLE, "key_stores", "pkcs11_pin"]
    assert "8675309" not in str(found)
