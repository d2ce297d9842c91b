"""The models of this room, by subject: `people` and `brand_accounts`."""

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
from accounts.models.people import DemoMarker, Department, Membership, Role, User

__all__ = [
    "BrandAccount",
    "BrandAccountGrant",
    "ConnectAttempt",
    "Credential",
    "DemoMarker",
    "Department",
    "Health",
    "Lifecycle",
    "Membership",
    "Role",
    "Stream",
    "User",
    "network_label",
]
