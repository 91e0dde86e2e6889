# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of the builder, filled in any way."""

from __future__ import annotations

from hypothesis import strategies as st

from rules.building import OFFERED, Counted, Counting, Fields, Part, literal
from rules.queries import LIST_KEYS
from rules.recipients import CONVERSIONS

words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).map(
    str.strip
)
plain = words.filter(lambda text: bool(text) and len(text.splitlines()) == 1)
expressions = st.sampled_from(
    [
        'message.body["a: b"]',
        "message.agent_name",
        'message.body.get("x", {}) == "# no"',
        "1 < 2",
        '"yes" in message.topic',
        "True",
    ]
)
leaves = st.builds(
    Part, st.sampled_from(["topic", "category"]), plain, st.just(()), st.booleans()
) | st.builds(Part, st.just("lambda"), expressions, st.just(()), st.booleans())
parts = st.recursive(
    leaves,
    lambda below: st.builds(
        Part,
        st.sampled_from(["any", "all"]),
        st.just(""),
        st.lists(below, min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    max_leaves=5,
)
values = plain.map(literal) | st.sampled_from(["recipient", "message.topic"])
counted = st.builds(
    Counted,
    st.sampled_from(LIST_KEYS),
    st.lists(values, min_size=1, max_size=3).map(tuple),
) | st.builds(
    Counted, st.sampled_from(LIST_KEYS), st.just(("message.usernames",)), whole=st.just(value=True)
)
triggers = st.fixed_dictionaries(
    {
        "join": st.sampled_from(["all", "any"]),
        "trigger": st.lists(parts, min_size=1, max_size=3).map(tuple),
        "recipient": st.just("") | st.sampled_from(["message.usernames", 'message.body["user"]']),
    }
)
conversions = st.just({}) | st.fixed_dictionaries(
    {"conversion": st.sampled_from(CONVERSIONS), "keeping": st.booleans()}
)
conditions = st.fixed_dictionaries(
    {"comparison": st.sampled_from(OFFERED), "number": st.integers(0, 2**31 - 1)}
) | st.fixed_dictionaries({"expression": st.just("value in (5, 10)")})
filters = st.fixed_dictionaries(
    {
        "filter": st.lists(counted, max_size=3, unique_by=lambda each: each.key).map(tuple),
        "operation": st.just("") | st.just('len([m for m in results if m.msg["a"] == 1])'),
    }
)
countings = (
    st.just({})
    | conditions.map(lambda found: {"counting": Counting.TRIGGERS, **found})
    | st.tuples(conditions, filters).map(
        lambda found: {"counting": Counting.MESSAGES, **found[0], **found[1]}
    )
)
everything = st.tuples(triggers, conversions, countings).map(
    lambda found: Fields(**found[0], **found[1], **found[2])
)


def depth(part: Part) -> int:
    return 1 + max(map(depth, part.parts), default=0)


#: All that the form can show.
filled = everything.filter(lambda fields: max(map(depth, fields.trigger)) <= 4)
