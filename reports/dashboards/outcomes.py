"""What our answers did, formatted."""

from __future__ import annotations

from typing import Any

from reports.behind.selections import Selection


def outcomes_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/_outcomes.html` shows."""
    return {}
