# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables, a family a file."""

from issuer.models.apps import App, AppAccess, Renewal
from issuer.models.awards import Assertion, Award
from issuer.models.backfills import Backfill
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
from issuer.models.batches import Batch, BatchLine
from issuer.models.calls import ApiRequest
from issuer.models.derived import is_search_table
from issuer.models.exports import BackpackConnection, BackpackHost, Export, Push, WalletOffer
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
from issuer.models.persons import ApiToken, EmailIdentity, Login, OldName, Person, Redirect
from issuer.models.plugins import PendingDecision, PythonBadgeState
from issuer.models.rules import Counter, CounterAnchor, Rule, RuleRevision
from issuer.models.totals import BadgePeriod, BadgeTotal, CatalogueTotal, RankHistogram, Total
from issuer.models.types import (
    BatchKind,
    BatchState,
    ClaimState,
    EndorsementForm,
    KeyState,
    LineState,
    Period,
    PushState,
    Source,
    TokenKind,
)

__all__ = [
    "ApiRequest",
    "ApiToken",
    "App",
    "AppAccess",
    "ArchivedMessage",
    "Assertion",
    "AuditEntry",
    "Award",
    "Backfill",
    "BackpackConnection",
    "BackpackHost",
    "Badge",
    "BadgeEdition",
    "BadgePeriod",
    "BadgeTotal",
    "Batch",
    "BatchKind",
    "BatchLine",
    "BatchState",
    "Bounty",
    "CatalogueTotal",
    "Claim",
    "ClaimState",
    "Counter",
    "CounterAnchor",
    "EmailIdentity",
    "Endorsement",
    "EndorsementForm",
    "Export",
    "Grant",
    "Image",
    "Invitation",
    "InvitationUse",
    "Issuer",
    "IssuerEpoch",
    "JobRun",
    "KeyState",
    "LineState",
    "Login",
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
    "Renewal",
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
    "TokenKind",
    "Topic",
    "Total",
    "WalletOffer",
    "badge_tags",
    "is_search_table",
]
