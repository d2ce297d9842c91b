"""What a page cuts: text out of sight that cannot be scrolled to, and text over other text."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

# Where an ellipsis is meant, the whole text is elsewhere: in a title or label, or on the page that the row leads to.
MEANT = "[title], [aria-label], .row *, .others bdi, .visually-hidden, .visually-hidden *, .skip, svg *, option, script, style"
CUT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
# Menus are left closed: they lie over the page on purpose.
OPEN_ALL = (
    "() => document.querySelectorAll('details:not(.pop, .menu)').forEach((one) => { one.open = true; })"
)


def find_cut_text(page: Page) -> list[str]:
    """List what the page cuts or lays over something else, at its present width."""
    found = page.evaluate(CUT, MEANT)
    page.evaluate(OPEN_ALL)
    return sorted({*found, *page.evaluate(CUT, MEANT)})
