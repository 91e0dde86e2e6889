# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps the catalogues of translations: ``python -m tools.catalogues`` takes up new texts.

It writes the template ``messages.pot`` and brings every ``messages.po`` up to it; a translator
fills in what is empty. ``--check`` tells whether anything is missing, left over or uncertain.
"""

from __future__ import annotations

import argparse
import ast
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from issuer.catalogues import DOMAIN, FOLDER, path_of
from issuer.tongues import LANGUAGES, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
#: Where texts for people stand, and how they are found there.
PLACES = {"issuer": [("**.py", "python")], "templates": [("**.html", "jinja2")]}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
#: What takes a sentence that services say and pages translate; an f-string is none.
SENTENCES = {
    "Text",
    "BackpackAwayError",
    "BackpackBrokenError",
    "BackpackLoginError",
    "BackpackUnfitError",
    "ConflictError",
    "ForbiddenError",
    "GoneError",
    "InvalidInputError",
    "InvitationClosedError",
    "NotFoundError",
    "OptedOutError",
}
#: What only operators read stays English.
OPERATORS = (
    "issuer/adapters/git.py",
    "issuer/cli/",
    "issuer/services/filling/",
    "issuer/services/sample.py",
)
OPTIONS = {"jinja2": {"trimmed": "true", "silent": "false"}}
HEADER = """\
# Texts of the web pages. Made by python -m tools.catalogues: translate, but do not reorder.
"""


def extracted() -> Catalog:
    """Return all texts of the code and the templates, in the order of the alphabet."""
    catalog = Catalog(domain=DOMAIN, project="Accolades", charset="utf-8", header_comment=HEADER)
    for folder, methods in PLACES.items():
        options = {pattern: OPTIONS.get(method, {}) for pattern, method in methods}
        found = extract_from_dir(
            ROOT / folder, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",)
        )
        for _, _, message, comments, context in found:
            catalog.add(message, auto_comments=comments, context=context)
    for path in sorted(
        each for name in ("issuer", "rules") for each in (ROOT / name).rglob("*.py")
    ):
        if not path.relative_to(ROOT).as_posix().startswith(OPERATORS):
            for sentence, _ in sentences(path):
                if isinstance(sentence, ast.Constant):
                    catalog.add(sentence.value)
    return catalog


def sentences(path: Path) -> Iterator[tuple[ast.expr, ast.Call]]:
    """Yield what stands where a sentence is expected, with the call that takes it.

    Babel would take the plain end of a broken f-string for one.
    """
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SENTENCES:
                yield node.args[0], node


def renewed(code: str, template: Catalog) -> Catalog:
    """Return the catalogue of a language with exactly the texts of the template."""
    path = Path(path_of(code))
    catalog = Catalog(locale=code, domain=DOMAIN)
    if path.is_file():
        with path.open("rb") as file:
            catalog = read_po(file, locale=code, domain=DOMAIN)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = HEADER
    return catalog


def written(catalog: Catalog) -> bytes:
    """Return a catalogue as it lies in its file: without dates and lines, which only change."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=100, no_location=True, sort_output=True, omit_header=True)
    lines = ['msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=utf-8\\n"']
    if catalog.locale is not None:
        lines.append(f'"Language: {catalog.locale}\\n"')
        lines.append(f'"Plural-Forms: {catalog.plural_forms}\\n"')
    return (HEADER + "\n".join(lines) + "\n\n").encode() + buffer.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Return the texts of a catalogue that have no translation, or an unsure one."""
    missing = []
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            missing.append(message.id[0] if isinstance(message.id, tuple) else message.id)
    return missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the catalogues, or tell with ``--check`` what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__, prog="tools.catalogues")
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(arguments).check
    template = extracted()
    files = {TEMPLATE: written(template)}
    problems = []
    for code in LANGUAGES:
        if code != SOURCE:
            catalog = renewed(code, template)
            files[Path(path_of(code))] = written(catalog)
            problems += [f"{code}: not translated: {text!r}" for text in untranslated(catalog)]
    for path, content in files.items():
        if check and (not path.is_file() or path.read_bytes() != content):
            problems.append(f"{path.relative_to(ROOT)}: run python -m tools.catalogues")
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
