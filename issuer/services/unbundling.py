# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a ZIP of badges back and judges all that is in it; nothing of it is put on the disk.

Whoever hands in a ZIP may have made it to hurt: how much of it is read is bounded before and while
it is unpacked, one badge at a time.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError

from issuer.errors import BundleError
from issuer.services.bundling import FOLDER, INDEX, MANIFEST
from issuer.services.exporting import ENDINGS, PLAIN, Form
from openbadges.baking import CREDENTIAL_KEYWORD, unbake
from openbadges.errors import OpenBadgesError
from openbadges.serialization import loads_object
from openbadges.signing import peek
from openbadges.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from openbadges.verification import Report

START: Final = b"PK\x03\x04"
MAX_ZIP: Final = 1 << 30
MAX_UNPACKED: Final = 2 << 30
MAX_FILE: Final = 30 << 20
#: The list of what is inside is read at once; it has a hundred bytes a file.
MAX_LIST: Final = 16 << 20
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _END_64_SIZE, _MAX_COMMENT = 22, 20, 0xFFFF
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_BY_ENDING = {ending: form for form, ending in ENDINGS.items()}
_BADGE = re.compile(
    rf"{FOLDER}/([^/\\]{{1,200}})/\1({'|'.join(map(re.escape, _BY_ENDING))})", re.ASCII
)
_GRAVITY = list(Verdict)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)


class _File(BaseModel):
    path: str = Field(max_length=500)
    size: int = Field(ge=0, le=MAX_FILE)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Manifest(BaseModel):
    badges: int = Field(ge=0)
    files: list[_File]


@dataclass(frozen=True, slots=True)
class Judged:
    """One badge of a ZIP: what it is, why, and what each of its forms is."""

    name: str
    verdict: Verdict
    sentence: str
    forms: Mapping[Form, Verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return what there is to tell in JSON."""
        forms = {str(form): str(verdict) for form, verdict in self.forms.items()}
        said = {"verdict": str(self.verdict), "sentence": self.sentence}
        return {"name": self.name, **said, "forms": forms}


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What a ZIP of badges is; ``problem`` is what is wrong with the ZIP itself."""

    badges: tuple[Judged, ...]
    problem: str = ""

    @property
    def verdict(self) -> Verdict:
        """The gravest of all badges; a ZIP that is not what was packed is not valid."""
        if self.problem or not self.badges:
            return Verdict.INVALID
        return min((each.verdict for each in self.badges), key=_GRAVITY.index)

    @property
    def valid(self) -> bool:
        """Whether the ZIP is whole and every badge in it holds."""
        return self.verdict is Verdict.VALID

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        number = len(self.badges)
        held = sum(each.verdict is Verdict.VALID for each in self.badges)
        if self.problem:
            return f"This ZIP is not valid: {self.problem}."
        if not number:
            return "This ZIP is not valid: there is no badge in it."
        if held < number:
            return f"Of {number} badges in this ZIP {held} are valid in every form."
        return f"The ZIP is whole, and its badges ({number}) are valid in every form."

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON, with the members that every report has."""
        whole = {"number": 1, "id": "archive", "outcome": "passed", "message": "the ZIP is whole"}
        if self.problem:
            whole |= {"outcome": "failed", "message": self.problem}
        checks = [
            {
                "number": number,
                "id": each.name,
                "outcome": "passed" if each.verdict is Verdict.VALID else "failed",
                "message": each.sentence,
            }
            for number, each in enumerate(self.badges, 2)
        ]
        return {
            "valid": self.valid,
            "verdict": str(self.verdict),
            "sentence": self.sentence,
            "checks": [whole, *checks],
            "badges": [each.to_dict() for each in self.badges],
        }


def judge(file: IO[bytes], verify: Callable[[bytes], Report]) -> BundleReport:
    """Return what a ZIP of badges is; ``verify`` judges one form of one badge.

    Each form of each badge is judged, those of one badge are compared with each other, and every
    file with the manifest.
    """
    found: list[Judged] = []
    try:
        for name, files in read(file):
            found.append(_judged(name, files, verify))
    except BundleError as error:
        return BundleReport(tuple(found), str(error))
    return BundleReport(tuple(found))


def _judged(name: str, files: Mapping[Form, bytes], verify: Callable[[bytes], Report]) -> Judged:
    forms = {form: content for form, content in files.items() if form in PLAIN}
    if not forms:
        raise BundleError(f"{name}: there is no form of the badge that can be verified")
    reports = {form: verify(content) for form, content in forms.items()}
    verdicts = {form: report.verdict for form, report in reports.items()}
    if contradiction := _contradiction(forms):
        sentence = f"its forms do not say the same: {contradiction}"
        return Judged(name, Verdict.INVALID, sentence, verdicts)
    gravest = min(reports, key=lambda form: _GRAVITY.index(verdicts[form]))
    sentence = reports[gravest].sentence
    words = sentence if reports[gravest].valid else f"{gravest}: {sentence}"
    return Judged(name, verdicts[gravest], words, verdicts)


def read(file: IO[bytes]) -> Iterator[tuple[str, dict[Form, bytes]]]:
    """Yield the name of each badge of a ZIP and its files, by form, one badge after another.

    Raises `BundleError`: it is no ZIP of badges, it is too large, or a file is missing, was added
    or is not the one that was packed.
    """
    _check_size(file)
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _badges(archive)
    except _UNREADABLE as error:
        raise BundleError(f"the ZIP cannot be read: {error}") from error


def _badges(archive: zipfile.ZipFile) -> Iterator[tuple[str, dict[Form, bytes]]]:
    there = _files(archive)
    noted, number = _manifest(archive, there)
    if strange := noted.keys() ^ (there.keys() - {MANIFEST}):
        raise BundleError(f"{min(strange)}: stands in the ZIP or in its manifest, not in both")
    _content(archive, there[INDEX], noted[INDEX])
    folders: dict[str, dict[Form, str]] = {}
    for path in noted.keys() - {INDEX}:
        found = _BADGE.fullmatch(path)
        if found is None:
            raise BundleError(f"{path[:200]}: is no file that belongs into a ZIP of badges")
        folders.setdefault(found[1], {})[_BY_ENDING[found[2]]] = path
    if len(folders) != number:
        raise BundleError(f"there are {len(folders)} badges, and {number} in the manifest")
    for name in sorted(folders):
        paths = folders[name]
        yield (
            name,
            {
                form: _content(archive, there[paths[form]], noted[paths[form]])
                for form in Form
                if form in paths
            },
        )


def _files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return what a ZIP says is in it, as long as it may be unpacked at all."""
    found = archive.infolist()
    names = {each.filename: each for each in found}
    if len(names) != len(found):
        # Two readers could see two different files.
        raise BundleError("a file is in the ZIP twice")
    if sum(each.file_size for each in found) > MAX_UNPACKED:
        raise BundleError(f"unpacked the ZIP would be larger than {MAX_UNPACKED} bytes")
    for each in found:
        if each.compress_type not in _METHODS or each.flag_bits & _ENCRYPTED:
            raise BundleError(f"{each.filename[:200]}: is packed in a way that is not known")
    if missing := {INDEX, MANIFEST} - names.keys():
        raise BundleError(f"this is no ZIP of badges: it has no {min(missing)}")
    return names


def _manifest(
    archive: zipfile.ZipFile, there: Mapping[str, zipfile.ZipInfo]
) -> tuple[dict[str, _File], int]:
    try:
        manifest = _Manifest.model_validate_json(_unpacked(archive, there[MANIFEST], MAX_LIST))
    except ValidationError as error:
        raise BundleError(f"{MANIFEST}: {error.errors()[0]['msg']}") from error
    noted = {each.path: each for each in manifest.files}
    if len(noted) != len(manifest.files) or INDEX not in noted:
        raise BundleError(f"{MANIFEST}: names a file twice, or not {INDEX}")
    return noted, manifest.badges


def _content(archive: zipfile.ZipFile, about: zipfile.ZipInfo, noted: _File) -> bytes:
    content = _unpacked(archive, about, MAX_FILE)
    if (len(content), hashlib.sha256(content).hexdigest()) != (noted.size, noted.sha256):
        raise BundleError(f"{noted.path[:200]}: is not the file that was packed")
    return content


def _unpacked(archive: zipfile.ZipFile, about: zipfile.ZipInfo, most: int) -> bytes:
    # A file may lie about its size: no more than that is ever unpacked.
    if about.file_size > most:
        raise BundleError(f"{about.filename[:200]}: is larger than {most} bytes")
    with archive.open(about) as file:
        return file.read(most)


def _check_size(file: IO[bytes]) -> None:
    """Refuse a ZIP, or a list of what is in it, that is too large to be looked at."""
    size = file.seek(0, 2)
    if size > MAX_ZIP:
        raise BundleError(f"the ZIP is larger than {MAX_ZIP} bytes")
    file.seek(max(0, size - _END_SIZE - _MAX_COMMENT - _END_64_SIZE))
    tail = file.read()
    end = tail.rfind(_END)
    listed = int.from_bytes(tail[end + 12 : end + 16], "little")
    if end < 0 or len(tail) - end < _END_SIZE:
        raise BundleError("the ZIP is cut off: it has no end")
    if listed > MAX_LIST or tail[max(0, end - _END_64_SIZE) : end].startswith(_END_64):
        raise BundleError(f"the list of what is in the ZIP is larger than {MAX_LIST} bytes")
    file.seek(0)


def _contradiction(forms: Mapping[Form, bytes]) -> str:
    """Return where the forms of a badge say different things; they all say the same in ours."""
    try:
        return next(_contradictions(forms), "")
    except (OpenBadgesError, UnicodeDecodeError) as error:
        return str(error)


def _contradictions(forms: Mapping[Form, bytes]) -> Iterator[str]:
    texts = {form: forms[form].decode() for form in _TEXTS if form in forms}
    for form in (Form.PNG, Form.SVG):
        if form in forms:
            yield from _in_picture(form, forms[form], texts)
    hosted, signed = _said(texts, Form.JSON), _said(texts, Form.JWS)
    if _differ(hosted, signed, {"verification"}):
        yield f"{Form.JSON} and {Form.JWS}"
    proven, token = _said(texts, Form.OB3), _said(texts, Form.OB3_JWT)
    if _differ(proven, token, {"proof", *_CLAIMS}):
        yield f"{Form.OB3} and {Form.OB3_JWT}"
    old, new = hosted or signed, proven or token
    if old and new and _of_version_2(old) != _of_version_3(new):
        yield "version 2.0 and 3.0"


_TEXTS = (Form.JSON, Form.JWS, Form.OB3, Form.OB3_JWT)
_TOKENS = (Form.JWS, Form.OB3_JWT)
_CLAIMS = ("iss", "jti", "sub", "nbf", "exp")


def _in_picture(form: Form, picture: bytes, texts: Mapping[Form, str]) -> Iterator[str]:
    assertion, credential = unbake(picture), unbake(picture, CREDENTIAL_KEYWORD)
    wanted = texts.get(Form.JWS) or texts.get(Form.JSON)
    if wanted is not None and assertion != wanted:
        yield f"{form} and {Form.JWS}"
    if Form.OB3 in texts and credential != texts[Form.OB3]:
        yield f"{form} and {Form.OB3}"


def _said(texts: Mapping[Form, str], form: Form) -> dict[str, Any]:
    text = texts.get(form, "{}")
    return loads_object(peek(text)[1] if form in _TOKENS and form in texts else text)


def _differ(one: dict[str, Any], other: dict[str, Any], but: set[str]) -> bool:
    """Whether two documents that are there differ in more than some members."""
    if not one or not other:
        return False
    first, second = (
        {name: value for name, value in each.items() if name not in but} for each in (one, other)
    )
    return first != second


def _of_version_2(said: dict[str, Any]) -> Sequence[Any]:
    recipient = _object(said, "recipient")
    return said.get("badge"), said.get("issuedOn"), said.get("expires"), recipient.get("identity")


def _of_version_3(said: dict[str, Any]) -> Sequence[Any]:
    subject = _object(said, "credentialSubject")
    found = subject.get("identifier")
    identifier = found[0] if isinstance(found, list) and found else found
    badge = _object(subject, "achievement").get("id")
    hashed = identifier.get("identityHash") if isinstance(identifier, dict) else None
    return badge, said.get("validFrom"), said.get("validUntil"), hashed


def _object(said: dict[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}
