"""Read what pages show: figures, tables with the links in their cells, files, and the lists behind links."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.db import connection

TABLES = (
    "accounts_department", "accounts_brandaccount", "accounts_user", "accounts_membership", "accounts_brandaccountgrant",
    "routing_slapolicy", "routing_calendarversion", "inbox_case", "inbox_message", "inbox_custody", "inbox_caseevent",
    "inbox_decision", "inbox_reply", "accounts_shift",
)  # fmt: skip
VOID = {"br", "img", "input", "hr", "wbr", "meta", "link", "col"}


def dump_tables() -> dict[str, str]:
    """Return each table as CSV, the departments in their order."""
    dump = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            order = "position, name, id" if table == "accounts_department" else "id"
            with cursor.copy(
                f"COPY (SELECT * FROM {table} ORDER BY {order}) TO STDOUT (FORMAT csv, HEADER)"
            ) as copy:
                dump[table] = b"".join(copy).decode()
    return dump


@dataclass
class Page(HTMLParser):
    """A page taken apart: `tables` by id (a matrix by its class), `blocks` are the texts of links and figures."""

    text: str
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    heads: dict[str, list[str]] = field(default_factory=dict)
    #: (text, address) of every link.
    links: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self._rows = self._cell = self._link = None
        self._in_head, self._hidden = False, 0
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in VOID:
            return
        if self._hidden or tag == "svg":
            self._hidden += 1
        elif tag == "table":
            key = values.get("id") or values.get("class", "")
            self._rows, self._head = self.tables.setdefault(key, []), self.heads.setdefault(key, [])
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr" and self._rows is not None and not self._in_head:
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag == "a":
            self._link = (values.get("href", ""), [])

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if self._hidden:
            self._hidden -= 1
        elif tag == "thead":
            self._in_head = False
        elif tag == "table":
            self._rows = None
        elif tag in ("td", "th") and self._cell is not None:
            if self._rows is not None:
                cells = self._head if self._in_head else self._rows[-1]
                cells.append(" ".join(" ".join(self._cell).split()))
            self._cell = None
        elif tag == "a" and self._link is not None:
            self.links.append((" ".join(" ".join(self._link[1]).split()), self._link[0]))
            self._link = None

    def handle_data(self, data):
        if self._hidden:
            return
        if self._cell is not None:
            self._cell.append(data)
        if self._link is not None:
            self._link[1].append(data)

    def columns(self, key: str, *names: str) -> list[list[str]]:
        """Return the named columns of a table, the first column before them."""
        head = self.heads.get(key, [])
        places = [0, *(head.index(name) for name in names if name in head)]
        return [[row[place] for place in places] for row in self.tables.get(key, [])]

    def figures(self) -> list[list[str]]:
        """Return value, basis and comparison of each large figure, whichever way the board writes them."""
        found = []
        for block in re.findall(
            r'<a class="fig".*?</a>|<div class="strip">.*?</div>\s*<figure', self.text, re.DOTALL
        ):
            if block.startswith("<div"):
                found += [list(map(squeeze, pair)) for pair in re.findall(r"<b class=\"num\">(.*?)</b><small>(.*?)</small>", block)]  # fmt: skip
                continue
            value = re.search(r'<div class="big num">(.*?)</div>', block, re.DOTALL)[1]
            found.append(
                [squeeze(value), *map(squeeze, re.findall(r'<p class="d">(.*?)</p>', block, re.DOTALL))]
            )
        return found

    def ruled_figures(self) -> list[list[str]]:
        """Return label, value and notes of each figure in a ruled strip."""
        blocks = re.findall(
            r'<div class="figure">\s*<p>(.*?)</p>\s*<p class="big num">(.*?)</p>\s*<p class="d">(.*?)</p>', self.text, re.DOTALL
        )  # fmt: skip
        return [list(map(squeeze, block)) for block in blocks]

    def counted_links(self) -> list[tuple[int, str]]:
        """Return each number that links to a list, with the address."""
        counted = []
        for text, address in self.links:
            number = re.match(r"([0-9][0-9,]*)(?: few| [0-9]+ (?:s|min|h|d)\b.*| [a-z ]+)?$", text)
            # A time is not a count: what its list holds is the number beside it.
            is_time = re.match(r"[0-9,]+ (?:s|min|h|d)\b", text)
            if number and not is_time and address.startswith("/reports/cases/"):
                counted.append((int(number[1].replace(",", "")), address))
        return counted


def squeeze(text: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", text).replace("&quot;", '"').split())


def total_of_list(client, address: str) -> int:
    """Return how many things the list at an address holds, by its own words."""
    page = client.get(address)
    assert page.status_code == 200, address
    total = re.search(r'<p class="sub">\s*<b class="num">([0-9,]+)</b>', page.content.decode())
    return int(total[1].replace(",", "")) if total else 0


def read_csv(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.getvalue().decode().removeprefix("\ufeff"))))


def export_addresses(page: str, kind: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(rf'href="(/reports/export/{kind}[^"]*)"', page)]
