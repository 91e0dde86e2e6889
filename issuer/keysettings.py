# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of signing keys: where private halves lie, and what protects them there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

KeyPlace = Literal["folder", "environment", "pkcs11"]
TOKEN = "pkcs11"  # noqa: S105 (a kind of store)


class KeySettings(BaseModel):
    """New keys are made in the first store; keys are looked for in all of them."""

    key_stores: tuple[KeyPlace, ...] = ("folder",)
    key_passphrase: str = ""
    key_passphrase_former: str = ""  # opens what was encrypted before key_passphrase changed
    pkcs11_module: Path | None = Field(default=None, validate_default=True)
    pkcs11_token: str = Field(default="", max_length=32, validate_default=True)  # its label
    pkcs11_pin: str = Field(default="", validate_default=True)

    @field_validator("key_stores")
    @classmethod
    def _known_and_once(cls, value: tuple[KeyPlace, ...]) -> tuple[KeyPlace, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("must name one store or several, each once")
        if TOKEN in value and find_spec("pkcs11") is None:
            raise ValueError(
                "pkcs11 needs the extra of that name: pip install 'fedora-accolades[pkcs11]'"
            )
        return value

    @field_validator("pkcs11_module")
    @classmethod
    def _a_library(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if TOKEN in info.data.get("key_stores", ()) and (value is None or not value.is_file()):
            raise ValueError(
                "must be the path of the module that came with the token, like "
                "/usr/lib/softhsm/libsofthsm2.so, where key_stores has pkcs11"
            )
        return value

    @field_validator("pkcs11_token", "pkcs11_pin")
    @classmethod
    def _given(cls, value: str, info: ValidationInfo) -> str:
        if TOKEN in info.data.get("key_stores", ()) and not value:
            raise ValueError("is needed where key_stores has pkcs11")
        return value
