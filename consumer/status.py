# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a consumer did since it began, and whether it can work now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.adapters.remembering import Lookups
    from issuer.sending import Tally
    from issuer.services.processing import Processed

PREFIX = "accolades_consumer"
HELP = {
    "messages": "Messages that were handled",
    "duplicates": "Messages that had been handled before",
    "awards": "Awards that messages made",
    "rule_failures": "Failures of rules",
    "conflicts": "Messages given back because somebody else was quicker",
    "quarantined": "Messages put aside because they can never be handled as they came",
    "reloads": "Times that the rules in force were exchanged",
    "reload_failures": "Times that changed rules could not be taken over",
    "waiting": "Whether a message waits for database or accounts (1) or not (0)",
    "rules": "Rules in force",
    "rules_degraded": "Whether some of them are older than what was meant to replace them (1)",
    "dropped": "Candidates for a badge who got none, by reason",
    "accounts_asked": "Questions that the directory of accounts answered",
    "accounts_stale": "Accounts taken from memory because the directory was away",
    "accounts_failed": "Questions that the directory of accounts did not answer",
    "outbox_sent": "Announcements sent by this process",
    "outbox_refused": "Announcements that can never be sent",
    "outbox_delayed": "Attempts after which an announcement was left for later",
}
GAUGES = ("waiting", "rules", "rules_degraded")
#: Reasons that are told apart; each is one of ours, but nothing from outside may make more.
MAX_REASONS = 50


@dataclass(slots=True)
class Status:
    """The counts of one process, and what is wrong now."""

    messages: int = 0
    duplicates: int = 0
    awards: int = 0
    rule_failures: int = 0
    conflicts: int = 0
    quarantined: int = 0
    reloads: int = 0
    reload_failures: int = 0
    rules: int = 0
    waiting_for: str = ""  # why the message in hand waits
    rules_trouble: str = ""  # why the rules in force are not the newest
    dropped: Counter[str] = field(default_factory=Counter)
    tally: Tally | None = None
    lookups: Lookups | None = None

    def note(self, processed: Processed) -> None:
        """Count what became of a message."""
        self.messages += 1
        self.duplicates += processed.duplicate
        self.awards += len(processed.given)
        self.rule_failures += len(processed.failures)
        for _, reason in processed.dropped:
            known = reason in self.dropped or len(self.dropped) < MAX_REASONS
            self.dropped[reason if known else "another reason"] += 1

    @property
    def is_ready(self) -> bool:
        """Whether messages are being handled."""
        return not self.waiting_for

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        shown: dict[str, Any] = {"status": "OK" if self.is_ready else self.waiting_for}
        if self.rules_trouble:
            shown["degraded"] = self.rules_trouble
        if self.lookups is not None and self.lookups.trouble:
            shown["accounts"] = self.lookups.trouble
        if self.tally is not None and self.tally.trouble:
            shown["outbox"] = self.tally.trouble
        return shown | {name: value for name, _, value in self._samples()} | self._by_reason()

    def metrics(self) -> str:
        """Return it in the text form of Prometheus."""
        lines = []
        for name, kind, value in self._samples():
            full = f"{PREFIX}_{name}{'_total' if kind == 'counter' else ''}"
            lines += [f"# HELP {full} {HELP[name]}", f"# TYPE {full} {kind}", f"{full} {value}"]
        full = f"{PREFIX}_dropped_total"
        lines += [f"# HELP {full} {HELP['dropped']}", f"# TYPE {full} counter"]
        for reason, number in sorted(self.dropped.items()):
            escaped = reason.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
            lines.append(f'{full}{{reason="{escaped}"}} {number}')
        return "\n".join(lines) + "\n"

    def _by_reason(self) -> dict[str, Any]:
        return {"dropped": dict(self.dropped)}

    def _samples(self) -> Iterator[tuple[str, str, int]]:
        values = {
            "messages": self.messages,
            "duplicates": self.duplicates,
            "awards": self.awards,
            "rule_failures": self.rule_failures,
            "conflicts": self.conflicts,
            "quarantined": self.quarantined,
            "reloads": self.reloads,
            "reload_failures": self.reload_failures,
            "waiting": int(not self.is_ready),
            "rules": self.rules,
            "rules_degraded": int(bool(self.rules_trouble)),
        }
        if self.lookups is not None:
            values |= {
                "accounts_asked": self.lookups.asked,
                "accounts_stale": self.lookups.stale,
                "accounts_failed": self.lookups.failed,
            }
        if self.tally is not None:
            values |= {
                "outbox_sent": self.tally.sent,
                "outbox_refused": self.tally.refused,
                "outbox_delayed": self.tally.delayed,
            }
        for name, value in values.items():
            yield name, "gauge" if name in GAUGES else "counter", value
