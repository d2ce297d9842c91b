"""The models of accounts, a module for each subject.

May import: `accounts.shifts`; nothing else of accounts.
A new table is a model in the module of its subject; single-row facts are its methods.
"""

from accounts.models.audit import AuditEntry, AuditKind, AuditVerb
from accounts.models.brand_accounts import (
    BrandAccount,
    BrandAccountGrant,
    ConnectAttempt,
    Credential,
    Health,
    Lifecycle,
    SendingTurn,
    Stream,
)
from accounts.models.charters import (
    AccountReview,
    CharterSignature,
    ReviewDecision,
    Sunset,
    SunsetAct,
    SunsetEvent,
    SunsetStep,
)
from accounts.models.people import AssignmentMode, DemoMarker, Department, Membership, Role, User
from accounts.models.roster import Shift
from accounts.models.sign_in import SignInCounter
from accounts.models.troubles import Trouble, TroubleKind
from accounts.models.working import Leave, Skill

__all__ = [
    "AccountReview",
    "AssignmentMode",
    "AuditEntry",
    "AuditKind",
    "AuditVerb",
    "BrandAccount",
    "BrandAccountGrant",
    "CharterSignature",
    "ConnectAttempt",
    "Credential",
    "DemoMarker",
    "Department",
    "Health",
    "Leave",
    "Lifecycle",
    "Membership",
    "ReviewDecision",
    "Role",
    "SendingTurn",
    "Shift",
    "SignInCounter",
    "Skill",
    "Stream",
    "Sunset",
    "SunsetAct",
    "SunsetEvent",
    "SunsetStep",
    "Trouble",
    "TroubleKind",
    "User",
]
