# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many badges as one ZIP, written while it is sent: a page to open, pictures, and a manifest."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from issuer.services.exporting import ENDINGS, PLAIN, Form, content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from issuer.adapters.objects import ObjectFolder
    from issuer.services.exporting import Exported

FOLDER = "badges"
INDEX, MANIFEST = "index.html", "manifest.json"
FOOT = "</ul></main></body></html>\n"
#: What waits for the end waits in memory up to this size, and on the disk beyond.
SPOOLED, CHUNK = 1 << 18, 1 << 16
#: Compressed already, so that packing them again would cost time and save nothing.
PACKED = frozenset({".png", ".pdf"})
#: What Windows takes for devices, whatever ending follows: nobody there could unpack it.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10)}
)
EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # a ZIP knows no time before
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "ul{list-style:none;padding:0}.badges>li{display:flex;gap:1rem;padding:1rem 0;"
    "border-top:1px solid #8884}.badges img{flex:none;width:96px;height:96px;object-fit:contain}"
    "h2{margin:0;font-size:1.2rem}.files{display:flex;flex-wrap:wrap;gap:.25rem 1rem}"
    "@media(prefers-color-scheme:dark){body{background:#16213a;color:#eef}a{color:#9cf}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the page inside says, in the language of whoever asked."""

    language: str = "en"
    title: str = "Badges of %(name)s"
    lead: str = "Made by %(site)s on %(day)s. Each file holds its badge and its proof."
    awarded: str = "Awarded on %(day)s by %(issuer)s"
    expired: str = "Expired on %(day)s"
    address: str = "Public page"
    files: Mapping[Form, str] = field(
        default_factory=lambda: {
            Form.PNG: "Picture with the badge inside (PNG)",
            Form.SVG: "Drawing with the badge inside (SVG)",
            Form.JSON: "Open Badges 2.0 (JSON)",
            Form.JWS: "Open Badges 2.0, signed (JWS)",
            Form.OB3: "Open Badges 3.0 (JSON)",
            Form.OB3_JWT: "Open Badges 3.0 (JWT)",
            Form.PDF: "Certificate (PDF)",
        }
    )
    day: Callable[[datetime], str] = lambda moment: moment.date().isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Whose badges go into a ZIP, and how its page speaks; ``certify`` draws a certificate."""

    name: str
    site: str
    objects: ObjectFolder
    now: datetime
    words: Words = field(default_factory=Words)
    certify: Callable[[Exported], bytes] | None = None


class Names:
    """Gives each badge a name of its own: some are awarded several times."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def unlike(self, slug: str) -> str:
        """Return the slug, or with a number where it was taken before."""
        self._used[slug] = number = self._used.get(slug, 0) + 1
        # No slug has an underscore.
        return slug if number == 1 and slug not in DEVICES else f"{slug}_{number}"


class _Pipe(io.RawIOBase):
    """A file that is read while it is written; nobody can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Take what a ZIP is made of."""
        return True

    def write(self, data: Any) -> int:
        """Take a part."""
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class _Writer:
    """Writes files into a ZIP and notes what they are, in a file outside of memory."""

    def __init__(self, notes: IO[bytes]) -> None:
        self.pipe, self._notes = _Pipe(), notes
        self._archive = zipfile.ZipFile(self.pipe, "w")

    def add(self, name: str, content: bytes, moment: datetime) -> None:
        """Add a file, and its hash to the notes."""
        self._archive.writestr(_about(name, moment), content)
        self._note(name, len(content), hashlib.sha256(content))

    def copy(self, name: str, file: IO[bytes], moment: datetime) -> Iterator[bytes]:
        """Add a file that is too long for memory; yield what the ZIP got of it."""
        file.seek(0)
        digest, size = hashlib.sha256(), 0
        with self._archive.open(_about(name, moment), "w") as target:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += target.write(chunk)
                yield self.pipe.taken()
        self._note(name, size, digest)

    def close(self) -> bytes:
        """Return the end of the ZIP."""
        self._archive.close()
        return self.pipe.taken()

    def _note(self, name: str, size: int, digest: hashlib._Hash) -> None:
        about = {"path": name, "size": size, "sha256": digest.hexdigest()}
        comma = ",\n" if self._notes.tell() else ""
        self._notes.write(f"{comma}{json.dumps(about)}".encode())


def _about(name: str, moment: datetime) -> zipfile.ZipInfo:
    about = zipfile.ZipInfo(name, max(moment.astimezone(UTC), EPOCH).timetuple()[:6])
    about.compress_type = zipfile.ZIP_STORED if name[-4:] in PACKED else zipfile.ZIP_DEFLATED
    about.external_attr = 0o644 << 16
    return about


def stream(badges: Iterable[Exported], bundle: Bundle) -> Iterator[bytes]:
    """Yield a ZIP of badges, a part for each; no more than one badge is held in memory.

    The page and the manifest come last; what they will say waits in files without a name.
    """
    with SpooledTemporaryFile(SPOOLED) as page, SpooledTemporaryFile(SPOOLED) as notes:
        writer, names, number = _Writer(notes), Names(), 0
        page.write(_head(bundle).encode())
        for badge in badges:
            number += 1
            name = names.unlike(badge.slug)
            forms = [form for form in badge.forms if form in PLAIN]
            for form in forms:
                made = content(badge, form, bundle.objects)
                writer.add(_path(name, form), made, badge.issued_at)
            if bundle.certify:
                forms.append(Form.PDF)
                writer.add(_path(name, Form.PDF), bundle.certify(badge), badge.issued_at)
            page.write(_item(name, badge, forms, bundle).encode())
            yield writer.pipe.taken()
        page.write(FOOT.encode())
        yield from writer.copy(INDEX, page, bundle.now)
        with SpooledTemporaryFile(SPOOLED) as manifest:
            _tell(manifest, notes, bundle, number)
            yield from writer.copy(MANIFEST, manifest, bundle.now)
        yield writer.close()


def _tell(manifest: IO[bytes], notes: IO[bytes], bundle: Bundle, number: int) -> None:
    """Write the manifest around the notes of all files."""
    made = bundle.now.astimezone(UTC).isoformat()
    head = json.dumps({"made": made, "by": bundle.site, "badges": number})
    manifest.write(f'{head[:-1]}, "files": [\n'.encode())
    notes.seek(0)
    shutil.copyfileobj(notes, manifest)
    manifest.write(b"\n]}\n")


def _path(name: str, form: Form) -> str:
    return f"{FOLDER}/{name}/{name}{ENDINGS[form]}"


def _item(name: str, badge: Exported, forms: Iterable[Form], bundle: Bundle) -> str:
    words = bundle.words
    facts = [words.awarded % {"day": words.day(badge.issued_at), "issuer": badge.issuer}]
    if badge.expires_at is not None and badge.expires_at <= bundle.now:
        facts.append(words.expired % {"day": words.day(badge.expires_at)})
    files = [_link(_path(name, form), words.files[form]) for form in forms]
    files.append(_link(badge.address, words.address))
    about = "".join(f"<p>{escape(fact)}</p>" for fact in (badge.description, *facts))
    return (
        f'<li><img src="{escape(_path(name, Form.PNG))}" alt="" loading="lazy"><div>'
        f'<h2 dir="auto">{escape(badge.name)}</h2>{about}'
        f'<ul class="files">{"".join(f"<li>{file}</li>" for file in files)}</ul></div></li>\n'
    )


def _link(address: str, words: str) -> str:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def _head(bundle: Bundle) -> str:
    """Return how the page begins that opens by itself: nothing runs or loads from elsewhere."""
    words = bundle.words
    title = escape(words.title % {"name": bundle.name})
    lead = escape(words.lead % {"site": bundle.site, "day": words.day(bundle.now)})
    policy = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{escape(words.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><main><h1>{title}</h1>"
        f'<p>{lead}</p>\n<ul class="badges">\n'
    )
