"""Brand accounts as people know them."""

from __future__ import annotations

from accounts.models import BrandAccount
from routing.wording import network_name


def account_names() -> dict[str, str]:
    """Every brand account as `routing.wording` asks for it: `brand_account x:17` is `acme (X)`. One statement."""
    rows = BrandAccount.objects.values_list("network", "remote_id", "handle")
    return {
        f"brand_account {network}:{own}": f"{handle} ({network_name(network)})"
        for network, own, handle in rows
    }
