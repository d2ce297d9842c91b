"""The models of this room, by subject: `people`, `working`, `roster` and `brand_accounts`."""

from accounts.models.brand_accounts import (
    BrandAccount,
    BrandAccountGrant,
    ConnectAttempt,
    Credential,
    Health,
    Lifecycle,
    Stream,
    network_label,
)
from accounts.models.people import AssignmentMode, DemoMarker, Department, Membership, Role, User
from accounts.models.roster import Shift
from accounts.models.working import Leave, Skill

__all__ = [
    "AssignmentMode",
    "BrandAccount",
    "BrandAccountGrant",
    "ConnectAttempt",
    "Credential",
    "DemoMarker",
    "Department",
    "Health",
    "Leave",
    "Lifecycle",
    "Membership",
    "Role",
    "Shift",
    "Skill",
    "Stream",
    "User",
    "network_label",
]
