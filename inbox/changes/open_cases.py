"""Open cases of a brand account, for those who want to close the account."""

from __future__ import annotations

from accounts.models import BrandAccount
from inbox.models import Case


def count_open_cases(brand_account: BrandAccount) -> int:
    """Return how many cases of a brand account are open.

    Whoever may read them. One statement.
    """
    return Case.objects.open().filter(brand_account=brand_account).count()
