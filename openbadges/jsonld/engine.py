# SPDX-License-Identifier: AGPL-3.0-or-later
"""The JSON-LD processor (PyLD), kept from the network and from half-read documents.

Every context is loaded and bounded before the processor runs; whatever it still asks for is
refused. One lock guards it, because its caches are not made for threads.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NoReturn

from openbadges.errors import MalformedError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Relative references stay recognisable, and relative, against this base.
BASE: Final = "relative://document/"
# Five nodes have 120 orders.
_MAX_ALIKE = 5
_MAX_NAMELESS = 1000
_MAX_WORK = 20_000
_NETWORK = ("requests", "aiohttp")
_PROTECTED = frozenset({"protected term redefinition", "invalid context nullification"})
# What the processor raises on input that nobody foresaw.
_BREAKDOWNS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_lock = Lock()
#: So many parts of contexts are remembered at most; those of version 3.0 have twenty.
_MAX_PARTS: Final = 200


def _import_processor() -> Any:
    """Import PyLD without its network: on import it opens a session of ``requests`` if it can."""
    hidden = {name: None for name in _NETWORK if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how Python spells "not there"
    try:
        return importlib.import_module("pyld.jsonld")
    finally:
        for name in hidden:
            del sys.modules[name]


_processor: Any = _import_processor()


class _Remembering:
    """Resolves contexts whose texts never change: each is read once a process."""

    def __init__(self) -> None:
        self._resolver: Any = _processor.ContextResolver({}, _refuse)
        self._parts: dict[int, tuple[object, Any]] = {}

    def resolve(self, active: Any, context: Any, base: str, cycles: Any = None) -> Any:
        """Return what the processor makes of a context, or of a part for some terms alone."""
        if not isinstance(context, dict):
            return self._resolver.resolve(active, context, base, cycles)
        # A part is known by the object it is; the processor would write it out each time.
        known = self._parts.get(id(context))
        if known is None or known[0] is not context:
            if len(self._parts) >= _MAX_PARTS:
                self._parts.clear()
            known = context, self._resolver.resolve(active, context, base, cycles)
            self._parts[id(context)] = known
        return known[1]

    def load_by(self, load: Callable[..., Any]) -> _Remembering:
        """Let contexts that were not read yet come from here."""
        self._resolver.document_loader = load
        return self


def expand(document: object, contexts: Mapping[str, Any]) -> list[Any]:
    """Return the expanded form of a document whose contexts are all given, by URL.

    Raises `MalformedError`: it is no sound JSON-LD, or gives a core term another meaning.
    """
    result: list[Any] = _run(_processor.expand, document, contexts)
    return result


def compact(document: object, context: object, contexts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a document that a context gives it, without the context itself.

    Raises `MalformedError`: as `expand`.
    """
    result: dict[str, Any] = _run(_processor.compact, document, contexts, context)
    result.pop("@context", None)
    return result


def quads(document: object, contexts: Mapping[str, Any]) -> str:
    """Return what a document says as canonical N-Quads (RDF Dataset Canonicalization, RDFC-1.0).

    The contexts must be such that their texts never change: what is behind a URL is read once.

    Raises `MalformedError`: as `expand`, or a member means nothing in the contexts. Raises
    `UnsupportedError`: nodes without a name are so many, or so alike, that ordering them would
    take too long.
    """
    expanded = _run(_expand_whole, document, contexts)
    processor = _processor.JsonLdProcessor()
    # It would expand once more what is expanded.
    processor.expand = lambda whole, _options: whole

    def ordered(whole: object, options: dict[str, Any]) -> str:
        dataset = processor.to_rdf(whole, {**options, "produceGeneralizedRdf": False})
        text: str = _Order().main(dataset, {"format": "application/n-quads"})
        return text

    result: str = _run(ordered, expanded, {})
    return result


class _Order(_processor.URDNA2015):  # type: ignore[misc]  # the processor has no types
    """The canonical order, with an end: a document can be made so that finding it takes for ever.

    Nodes that look alike are tried in every order (RDFC-1.0, section 7.1, dataset poisoning).
    """

    def __init__(self) -> None:
        super().__init__()
        self.work = 0

    def main(self, dataset: Any, options: Any) -> Any:
        nameless = {
            part["value"]
            for triples in dataset.values()
            for triple in triples
            for part in (triple["subject"], triple["object"])
            if part["type"] == "blank node"
        }
        if len(nameless) > _MAX_NAMELESS:
            raise UnsupportedError(f"the document has more than {_MAX_NAMELESS} nodes without id")
        return super().main(dataset, options)

    def create_hash_to_related(self, id_: str, issuer: Any) -> Any:
        related = super().create_hash_to_related(id_, issuer)
        self.work += len(self.blank_node_info[id_]["quads"])
        alike = max(map(len, related.values()), default=0)
        if alike > _MAX_ALIKE or self.work > _MAX_WORK:
            raise UnsupportedError("too many nodes of the document look alike to be ordered")
        return related


def _expand_whole(document: object, options: dict[str, Any]) -> Any:
    """Expand a document; what has no meaning is refused instead of dropped."""

    def refuse(name: str | None) -> NoReturn:
        raise MalformedError(f"JSON-LD: {str(name)[:60]!r} means nothing in the contexts")

    remembering = _remembering.load_by(options["documentLoader"])
    return _processor.expand(
        document, {**options, "contextResolver": remembering}, on_property_dropped=refuse
    )


def _run(
    action: Callable[..., Any], document: object, contexts: Mapping[str, Any], *more: object
) -> Any:
    def load(url: str, _options: object) -> dict[str, Any]:
        if url not in contexts:
            _refuse(url)
        return {
            "documentUrl": url,
            "contextUrl": None,
            "contentType": "application/ld+json",
            "document": contexts[url],
        }

    try:
        with _lock, warnings.catch_warnings():
            # It warns of names that it then ignores, as JSON-LD wants it.
            warnings.simplefilter("ignore", SyntaxWarning)
            return action(document, *more, {"documentLoader": load, "base": BASE})
    except _processor.JsonLdError as error:
        raise MalformedError(_reason(error)) from error
    except _BREAKDOWNS as error:
        raise MalformedError(f"JSON-LD cannot be processed ({type(error).__name__})") from error


def _refuse(url: str, _options: object = None) -> NoReturn:
    raise LookupError(url)


_remembering = _Remembering()


def _reason(error: Any) -> str:
    """Say what is wrong; the cause that lies deepest is the one to name."""
    code = getattr(error, "code", None)
    while error is not None and code is None:
        error = error.__cause__ or error.__context__
        code = getattr(error, "code", None)
    if code in _PROTECTED:
        return "JSON-LD: a context gives a term of Open Badges another meaning"
    return f"JSON-LD: {code or 'the document cannot be processed'}"
