"""A board for somebody outside: numbers and charts, nothing to press, no way into the house."""

from __future__ import annotations

from html.parser import HTMLParser

from django.utils.safestring import SafeString, mark_safe

#: Elements that a guest has no use for, with all that is in them.
_DROPPED_TAGS = {"form", "script", "button"}
_DROPPED_CLASSES = {"clocks", "exports", "selection", "selection-bar"}
#: The attribute of what only people of the house may see: what names colleagues or quotes customers.
_INSIDE = "data-inside"
_VOID = {"br", "img", "input", "hr", "wbr", "meta", "link", "col"}


def strip_for_guest(page: str) -> SafeString:
    """Return a rendered board without forms, exports and links; what they said stays."""
    stripper = _Stripper()
    stripper.feed(page)
    stripper.close()
    return mark_safe("".join(stripper.parts))  # noqa: S308 (our own page, from which parts were taken)


class _Stripper(HTMLParser):
    """Copies a page tag by tag; a link becomes an element of the same class that leads nowhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._dropped = self._in_svg = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        classes = set((values.get("class") or "").split())
        is_inside = tag in _DROPPED_TAGS or classes & _DROPPED_CLASSES or _INSIDE in values
        if self._dropped or is_inside:
            self._dropped += tag not in _VOID
        elif tag == "a":
            self._links.append("g" if self._in_svg else "div" if "fig" in classes else "span")
            names = " ".join(sorted(classes & {"fig"}))
            self.parts.append(f"<{self._links[-1]}{f' class={names}' if names else ''}>")
        else:
            self._in_svg += tag == "svg"
            self.parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._dropped and _INSIDE not in dict(attrs):
            self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped -= 1
        elif tag == "a":
            self.parts.append(f"</{self._links.pop()}>")
        else:
            self._in_svg -= tag == "svg"
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")
