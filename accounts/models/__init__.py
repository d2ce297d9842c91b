"""The models of this room, by subject: `people` and `brand_accounts`."""

from accounts.models.brand_accounts import (
    BrandAccount,
    BrandAccountGrant,
    Credential,
    Health,
    Lifecycle,
    Stream,
)
from accounts.models.people import Department, Membership, Role, User

__all__ = [
    "BrandAccount",
    "BrandAccountGrant",
    "Credential",
    "Department",
    "Health",
    "Lifecycle",
    "Membership",
    "Role",
    "Stream",
    "User",
]
