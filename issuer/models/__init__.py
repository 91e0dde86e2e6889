# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables, a family a file."""

from issuer.models.awards import Assertion, Award
from issuer.models.badges import (
    Badge,
    BadgeEdition,
    Image,
    Milestone,
    Series,
    Tag,
    Team,
    TeamMember,
    badge_tags,
)
from issuer.models.derived import is_search_table
from issuer.models.exports import BackpackConnection, Export, Push
from issuer.models.granting import Bounty, Claim, Grant, Invitation, InvitationUse
from issuer.models.issuers import Endorsement, Issuer, IssuerEpoch, SigningKey, StatusList
from issuer.models.messages import (
    ArchivedMessage,
    MessagePackage,
    MessageUser,
    OutboxMessage,
    QuarantinedMessage,
    Topic,
)
from issuer.models.operations import AuditEntry, JobRun, Setting
from issuer.models.persons import ApiToken, EmailIdentity, OldName, Person, Redirect
from issuer.models.plugins import PendingDecision, PythonBadgeState
from issuer.models.rules import Counter, CounterAnchor, Rule, RuleRevision
from issuer.models.totals import BadgeMonth, BadgeTotal, RankHistogram, Total
from issuer.models.types import ClaimState, KeyState, Period, PushState, Source

__all__ = [
    "ApiToken",
    "ArchivedMessage",
    "Assertion",
    "AuditEntry",
    "Award",
    "BackpackConnection",
    "Badge",
    "BadgeEdition",
    "BadgeMonth",
    "BadgeTotal",
    "Bounty",
    "Claim",
    "ClaimState",
    "Counter",
    "CounterAnchor",
    "EmailIdentity",
    "Endorsement",
    "Export",
    "Grant",
    "Image",
    "Invitation",
    "InvitationUse",
    "Issuer",
    "IssuerEpoch",
    "JobRun",
    "KeyState",
    "MessagePackage",
    "MessageUser",
    "Milestone",
    "OldName",
    "OutboxMessage",
    "PendingDecision",
    "Period",
    "Person",
    "Push",
    "PushState",
    "PythonBadgeState",
    "QuarantinedMessage",
    "RankHistogram",
    "Redirect",
    "Rule",
    "RuleRevision",
    "Series",
    "Setting",
    "SigningKey",
    "Source",
    "StatusList",
    "Tag",
    "Team",
    "TeamMember",
    "Topic",
    "Total",
    "badge_tags",
    "is_search_table",
]
