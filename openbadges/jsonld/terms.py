# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the context of version 2.0 says of its terms, in the forms that reading documents needs."""

from __future__ import annotations

from typing import Final

from openbadges.contexts import core_terms

CORE: Final = core_terms()
# Names that say the same as another; one of them is enough to write.
ALIASES: Final = frozenset({"hosted", "signed", "verify"})
NAMESPACES: Final = {
    f"{term}:": str(iri) for term, iri in CORE.items() if str(iri)[-1:] in ("#", "/")
}
PREFIXES: Final = tuple(NAMESPACES)
_TYPED: Final = {
    term: str(meaning["@type"])
    for term, meaning in CORE.items()
    if isinstance(meaning, dict) and "@type" in meaning
}
# The properties whose values are ids, and the id itself.
WITH_IDS: Final = frozenset({"id", *(term for term, kind in _TYPED.items() if kind == "@id")})
# The processor calls a typed property by its IRI where a value is of another type.
TERMS: Final = {str(CORE[term]["@id"]): term for term in _TYPED}
