# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every attack is refused when the rule is loaded, with its place, and nothing of it is run."""

from __future__ import annotations

import pytest

from rules.errors import ExpressionError
from rules.expressions import Scope, compile_expression

ATTACKS = {
    "import-of-os": '__import__("os").system("true")',
    "import-statement": "import os",
    "subclasses-walk": "().__class__.__base__.__subclasses__()",
    "dunder-of-message": "message.__dict__",
    "private-attribute": "message._headers",
    "format-with-attribute": '"{0.__class__}".format(message)',
    "format-map": '"{a.__class__}".format_map(message.body)',
    "format-stored": '[f for f in ["{0.__class__}"] if f.format(message)]',
    "percent-format": '"%s" % message',
    "percent-width": '"%999999999d" % 1',
    "percent-tuple": "message.topic % (1, 2)",
    "f-string": 'f"{message.__class__}"',
    "f-string-width": 'f"{1:>1000000000}"',
    "power": "9**9**9",
    "power-function": "pow(9, 9)",
    "shift-left": "1 << 10000000000",
    "shift-right": "1 >> 1",
    "huge-number": "9" * 100,
    "repeated-text": "'a'*10**10",
    "repeated-text-plain": "'a' * 10000000000",
    "repeated-text-reversed": "10000000000 * 'a'",
    "repeated-list": "[0] * 10000000000",
    "repeated-tuple": "(0,) * 10000000000",
    "repeated-comprehension": "[x for x in 'ab'] * 1000",
    "join-bomb": "','.join(['a'*10000]*100000)",
    "catastrophic-pattern": "re.match('(a+)+$', message.topic)",
    "pattern-from-message": "re.match(message.topic, 'a')",
    "pattern-put-together": "re.match('(a' + '+)+$', message.topic)",
    "pattern-compiled": "re.compile('a')",
    "pattern-missing": "re.match()",
    "pattern-replaced": "re.sub('a', 'b', message.topic)",
    "pattern-flags": "re.match('a', message.topic, 2 ** 30)",
    "pattern-debug": "re.match('a', message.topic, re.DEBUG)",
    "pattern-keyword": "re.match('a', string=message.topic)",
    "comprehension-over-range": "[i for i in range(10**9)]",
    "comprehension-over-long-range": "[i for i in range(1000000000)]",
    "generator-without-end": "[i for i in iter(int, 1)]",
    "itertools": "itertools.count()",
    "walrus": "(x := 1)",
    "walrus-in-loop": "[y := x for x in [1]]",
    "lambda": "lambda: 1",
    "lambda-called": "(lambda: 1)()",
    "lambda-recursion": "(lambda f: f(f))(lambda f: f(f))",
    "call-of-a-call": "len([])()",
    "call-of-a-value": "message.body['f']()",
    "call-of-a-variable": "[f() for f in [1]]",
    "call-of-message": "message()",
    "star-argument": "len(*[message])",
    "star-star-argument": "dict(**message.body)",
    "star-in-list": "[*message.body]",
    "star-star-in-dict": "{**message.body}",
    "frame-of-generator": "(x for x in [1]).gi_frame.f_back.f_globals",
    "frame-name-on-message": "message.body.gi_frame",
    "globals": "globals()",
    "getattr": 'getattr(message, "body")',
    "type": "type(message)",
    "eval": 'eval("1")',
    "exec": 'exec("1")',
    "open": 'open("/etc/passwd").read()',
    "vars": "vars(message)",
    "breakpoint": "breakpoint()",
    "function-as-value": "[len]",
    "function-as-key": "sorted(message.usernames, key=len)",
    "type-as-value": "str",
    "type-attribute": "str.join",
    "method-as-value": "message.body.get",
    "method-named-argument": 'message.topic.split(sep=".")',
    "module-attribute": "json.decoder",
    "module-of-module": "json.codecs.open",
    "json-class": "json.dumps(message.body, cls=message)",
    "json-load": "json.load(message)",
    "json-hidden": "[j for j in [json]][0].dumps(1)",
    "isinstance-object": "isinstance(message, object)",
    "isinstance-alone": "isinstance(message)",
    "isinstance-tuple": "isinstance(message, (str, message))",
    "clears-body": "message.body.clear()",
    "pops-body": 'message.body.pop("a")',
    "updates-body": "message.body.update({})",
    "appends": "message.usernames.append('x')",
    "extends": "results.extend([1])",
    "encodes": "message.topic.encode()",
    "translates": "message.topic.translate({})",
    "pads": "message.topic.ljust(1000000000)",
    "zfill": "message.topic.zfill(1000000000)",
    "expands-tabs": "message.topic.expandtabs(1000000000)",
    "shadows-message": "[message for message in [1]]",
    "shadows-function": "[len for len in [1]]",
    "shadows-module": "[re for re in [1]]",
    "dunder-variable": "[__x for __x in [1]]",
    "attribute-as-loop-variable": "[1 for message.body in [1]]",
    "item-as-loop-variable": "[1 for message.body['x'] in [1]]",
    "star-as-loop-variable": "[1 for a, *b in [[1]]]",
    "async-loop": "[x async for x in [1]]",
    "await": "await message",
    "yield": "yield",
    "yield-from": "yield from message",
    "bytes": "b'x'",
    "complex": "1j",
    "ellipsis": "...",
    "matrix-product": "message @ message",
    "slice-in-tuple": "message.body[1:2, 3]",
    "compare-chain": "message.body['a'] < message.body['b'] < message.body['c']",
    "is-chain": "1 is message.body['a'] is 1",
    "unknown-name": "undefined",
    "unknown-name-in-loop": "[y for x in y for y in [1]]",
    "loop-variable-outside": "[x for x in [1]] + x",
    "guard-name": "budget",
    "len-of-two": "len([], [])",
    "named-argument-of-len": "len(obj=[])",
    "debug-constant": "__debug__",
    "nested-200": "(" * 200 + "1" + ")" * 200,
    "nested-5000": "(" * 5_000 + "1" + ")" * 5_000,
    "unary-3000": "-" * 3_000 + "1",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_before_they_run(name: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(ATTACKS[name], Scope.TRIGGER)
    assert caught.value.hint
    assert caught.value.line == 1
    assert caught.value.column >= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("msg['x']", "the name 'msg' does not exist here: the body of the message is message.body"),
        ("mesage.body", "did you mean message?"),
        ("messages", """a text needs quotes of its own: '"messages"'"""),
        ("lenn(message.body)", "the function lenn() is not available: did you mean len()?"),
        ("message.user", 'a value of the message is read as message.body["user"]'),
        ("message.body.user", 'a value is read as value["user"]'),
        ("message.topic.lower", "call it: .lower(...)"),
        ("message.topic.lowr()", "did you mean .lower()?"),
        ("len", "call it: len(...)"),
        ("zzz(1)", "rules may only read the message"),
        ("message.topic.zzzzzz()", "rules may only read the message"),
        ("message.body[qqqq] + 1", "use message"),
    ],
)
def test_refusals_say_what_to_write_instead(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, Scope.TRIGGER)
    assert message in str(caught.value)


def test_refusals_point_at_the_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("message.body['a'] and\n  undefined", Scope.TRIGGER)
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize(
    ("scope", "known", "unknown"),
    [
        (Scope.TRIGGER, "message", "recipient"),
        (Scope.FILTER, "recipient", "results"),
        (Scope.OPERATION, "results", "recipient"),
        (Scope.CONDITION, "value", "message"),
    ],
)
def test_each_place_has_its_own_variables(scope: Scope, known: str, unknown: str) -> None:
    assert compile_expression(f"{known} == 1", scope).text
    with pytest.raises(ExpressionError, match=f"'{unknown}' does not exist here"):
        compile_expression(f"{unknown} == 1", scope)
