"""What customers keep saying, formatted."""

from __future__ import annotations

from typing import Any

from reports.behind.selections import Selection


def topics_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/_topics.html` shows."""
    return {}
