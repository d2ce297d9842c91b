"""What axe finds wrong with a page, in the colours that people choose."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.moments import still

SCHEMES = ("light", "dark")


def sound(page: Page, *schemes: str) -> None:
    """Fails where axe finds something serious on the page as it stands: in each of `schemes`, or as it was opened.

    Colours alone hang on the scheme, so the page is not opened again for another one, and nothing else is looked at again.
    """
    for number, scheme in enumerate(schemes or (None,)):
        if scheme:
            page.emulate_media(color_scheme=scheme)
            still(page)  # what fades from one colour to the other has done so
        axe = Axe() if page.evaluate("typeof axe") == "undefined" else Axe("0")
        options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if number else {})
        found = axe.run(page, options=options).response["violations"]
        bad = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in bad] == [], (page.url, scheme)
