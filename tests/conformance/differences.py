# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where ours decides otherwise than fedbadges, and why: each case and each award by its name.

The tests run every case and hold ours to these tables; the reference page about the differences is
made from them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """Something that fedbadges does and that no author of rules can have meant."""

    title: str
    theirs: str
    ours: str


FIRST_LOOK = Defect(
    "A count that is remembered, not counted",
    "2.3.0 counts the archive at the first look only, and from then on adds one for each message "
    "that triggers the rule. The value can be one late, a number can be jumped over, and a message "
    "that comes twice counts twice.",
    "The value is the number of archived messages that the filter matches for the person, up to "
    "and including the message in hand, each id once. That message counts when the filter matches "
    "it, or when the rule has no filter.",
)
TRIGGERS_SEEN = Defect(
    "A condition without `previous`",
    "2.3.0 counts the triggering messages since it first saw the rule.",
    "All triggering messages of the archive count, each id once.",
)
UNDER_NOT = Defect(
    "An error inside a trigger",
    "It is taken for false, and so for true below a `not`.",
    "The rule does not match, wherever in the trigger the error is, and the error is reported.",
)
ONE_BAD_FILE = Defect(
    "One bad file",
    "An unknown key or a syntax error stops the load of all rules. 1.0.3 does not know the "
    "conversions for GitHub, dist-git and Kerberos, which came later.",
    "The file is reported with its line and the reason; all others load. The conversions are known "
    "in all dialects.",
)
LOST_KEYS = Defect(
    "`tags`, and several categories",
    "`tags` is refused as a key; `category: {any: [...]}`, as its manual has it, never matches.",
    "Both work.",
)
LETTERS = Defect(
    "A plain value in the place of an expression or a list",
    "A text is gone through letter by letter, a wrong type makes every message fail, or nobody "
    "gets anything: all of it silently.",
    "`accolades rules check` refuses the rule and says what to write; what only shows at run time "
    "is reported as a broken rule.",
)
SPOILED = Defect(
    "One candidate that is no name",
    "None, a number or a list among the candidates spoils all candidates of the message.",
    "That candidate is dropped with a reason, and the others stay.",
)
CODE = Defect(
    "Text of messages that runs as code",
    "1.0.3 pastes what a message holds into the expression of an operation and runs it.",
    "What a template stands for is a value, never code.",
)
STALE = Defect(
    "Templates that go stale",
    "1.0.3 fills in a template inside the lambda of a filter for the first message, and keeps it.",
    "It is filled in for each message.",
)
CAPITALS = Defect(
    "Everything in lower case",
    "1.0.3 lower-cases every text of a message before it fills in templates, so that topics with "
    "capitals are never found, nor users whose name is archived with one.",
    "Only user names compare without case. The award goes to the account that exists, else to the "
    "lower-cased name.",
)
SERVICES = Defect(
    "Service users",
    "1.0.3 skips them only where a rule names no recipient, and knows five; 2.3.0 compares with "
    "case.",
    "They are always skipped, whatever the case.",
)
ADDRESSES = Defect(
    "IP addresses as names",
    "Only names that begin with `192.168.` or `10.` are taken for addresses.",
    "Every address of IPv4 and IPv6 is dropped, and no name that merely begins like one.",
)
MAIL_DOMAIN = Defect(
    "A mail domain in the code",
    "Who has a badge or has opted out is asked for an address at `fedoraproject.org`.",
    "It is asked for the person.",
)
ACCOUNTS = Defect(
    "Account names in addresses",
    "The conversions from OpenID and dist-git know names of lower-case letters and digits only.",
    "They know every valid account name.",
)
BUILTINS = Defect(
    "Expressions that can do everything",
    "Expressions have all built-in functions, imports, and whatever the program itself imported.",
    "They can read the message and compute; one that needs more is refused when the rule is "
    "loaded, with the reason.",
)
NEWLINE = Defect(
    "Expressions of several lines",
    "A line break inside an expression is a syntax error.",
    "It is allowed.",
)
REVOKED = Defect(
    "Badges that were taken back",
    "A revoked badge is awarded again at the next message.",
    "Not without an admin's word.",
)

DEFECTS = (
    FIRST_LOOK,
    TRIGGERS_SEEN,
    UNDER_NOT,
    ONE_BAD_FILE,
    LOST_KEYS,
    LETTERS,
    SPOILED,
    CODE,
    STALE,
    CAPITALS,
    SERVICES,
    ADDRESSES,
    MAIL_DOMAIN,
    ACCOUNTS,
    BUILTINS,
    NEWLINE,
    REVOKED,
)

#: Case, and what ours awards message by message, or a part of the reason why it does not load.
Cases = dict[str, tuple[Defect, list[list[str]] | str]]

CURRENT: Cases = {
    "recipient is a list (v1 style)": (LETTERS, "recipient must be one expression"),
    "condition value is a string": (LETTERS, "must be a number"),
    "topic is a list": (LETTERS, "topic must be a text"),
    "filter string instead of list of one": (LETTERS, "topics must be a list"),
    "lambda scope datetime is not there": (BUILTINS, "'datetime' does not exist"),
    "filter start with a datetime": (BUILTINS, "__import__() is not available"),
    "OSError in a filter is swallowed": (BUILTINS, "open() is not available"),
    "not of a lambda KeyError is True": (UNDER_NOT, [[]]),
    "not of a lambda TypeError": (UNDER_NOT, [[]]),
    "lambda TypeError is an empty set": (UNDER_NOT, [[]]),
    "lambda headed by a newline": (NEWLINE, [["alice"]]),
    "recipient int": (SPOILED, [[]]),
    "email2fas on a list with None": (SPOILED, [["bob"]]),
    "IP addresses": (ADDRESSES, [[], [], [], [], [], ["10.foo"], []]),
    "skip_users": (SERVICES, [[], [], []]),
    "user not in the message usernames: one late": (FIRST_LOOK, [[], [], []]),
    "after the first look only triggers count": (FIRST_LOOK, [[], [], [], ["alice"], [], []]),
    "filter KeyError counts as 0": (FIRST_LOOK, [[], [], []]),
}
OF_2014: Cases = {
    "lambda scope: fedmsg, json, re": (BUILTINS, "'fedmsg' does not exist"),
    "named recipient is not checked against the banned": (SERVICES, [[]]),
    "recipient list of dicts, a null name": (SPOILED, [["carol"]]),
    "recipient list in a list": (SPOILED, [["y"]]),
    "users filter is lower-cased": (CAPITALS, [["ralph"]]),
    "topics filter is lower-cased": (CAPITALS, [["alice"]]),
    "operation lambda with a capital": (CAPITALS, [["bob"]]),
    "operation lambda: a message that carries code": (CODE, [[]]),
}

#: Number of the message in the measured stream, badge, person; and what fedbadges did about it.
Awards = dict[tuple[int, str, str], Defect]

MORE_OF_2014: Awards = {
    (59, "beep-boop", "kevin"): ONE_BAD_FILE,
    (568, "beep-boop", "spot"): ONE_BAD_FILE,
    (555, "hub-to-hub", "gridhead"): ONE_BAD_FILE,
    (631, "uniform-resource-contributor", "jjames"): ONE_BAD_FILE,
    (526, "bloggin-it!-planet-i", "khorne"): CAPITALS,
}
MISSING_OF_2014: Awards = {
    (349, "speak-up!", "zodbot"): SERVICES,
    (576, "you-are-it!", "bodhi"): SERVICES,
}
