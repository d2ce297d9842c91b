"""Files: what stands behind a number as CSV, the tables of a page as CSV, its charts as SVG."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import struct
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
import zlib
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import resvg_py
import time_machine
from django.urls import reverse

from accounts.models import AuditEntry, Role
from config.testing.quick import choose_size
from inbox.cases import verbs
from inbox.models import Custody
from reports.behind.lists import NumberList
from reports.exports.case_rows import export_columns, export_rows, export_rows_outside
from reports.exports.csv_files import name_file, write_csv
from reports.exports.page_tables import read_tables
from reports.exports.pictures import draw_picture
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
PAYLOADS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")',
    "=IMPORTXML(CONCAT(\"http://x\"),\"//a\")", "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)", " =1+1", "   +1", "  @x", " -2+3",
    "=\"a\"&\"b\"", "=DDE(\"cmd\";\"/C calc\";\"a\")", "-2+3+cmd|' /C calc'!A0", "@@", "==1", "+-+1", "=1\n=2", "\t\t=1",
    "=1,=2", '"=1+1"'[1:], "\ufeff=1+1", "\u00a0=1+1", "\u200b=1+1", "\u3000＝1", "\x0b=1", "\u202e=1",
]  # fmt: skip


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing])


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def rows_of(answer):
    assert answer.status_code == 200
    text = answer.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def exported(user, **query):
    return rows_of(signed_in(user).get(reverse("reports:cases_csv"), query))


def test_no_text_of_a_customer_is_a_formula():
    rows = list(
        csv.reader(io.StringIO(b"".join(write_csv(["a", "b"], [[one, -5] for one in PAYLOADS])).decode()))
    )
    assert len(rows) == len(PAYLOADS) + 1
    live = [cell for cell, _ in rows[1:] if not cell.startswith(("'", '"'))]
    assert live == []
    assert {number for _, number in rows[1:]} == {"-5"}, "a number of ours stays a number"


def test_every_row_of_a_list_is_in_its_file_in_the_same_order(billing, manager, settings):
    settings.DISPLAY_TIME_ZONE = "Europe/Berlin"
    for n in range(120):
        case = CaseFactory(
            department=billing,
            created_at=NOW - n * HOUR,
            preview="=1+1" if n == 5 else f"Hello {n}",
            assignee=manager,
        )
        MessageFactory(case=case, network_time=NOW - n * HOUR)
    header, *rows = exported(manager, of="created", period="last-2-weeks")
    assert header == ["Case", "Customer", "Last message", "Network", "Account", "Department", "Assigned to", "State",
                      "Opened", "First response (s)", "Outcome"]  # fmt: skip
    assert [row[2] for row in rows] == ["'=1+1" if n == 5 else f"Hello {n}" for n in range(120)]
    assert dt.datetime.fromisoformat(rows[0][8]) == NOW and rows[0][8].endswith("+01:00")
    assert rows[3][9:] == ["10800", "3 h 00, still waiting"]
    assert rows[0][5:7] == ["Billing", str(manager)]
    answer = signed_in(manager).get(reverse("reports:cases_csv"), {"of": "waiting", "period": "2026-W47"})
    assert (
        'filename="horseshoe-new-cases-without-a-first-response-16-nov-18-nov-2026.csv"'
        in answer.headers["Content-Disposition"]
    )
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_what_the_reader_may_not_open_is_a_row_without_content(billing, manager):
    press = DepartmentFactory(name="Press")
    case = CaseFactory(
        department=billing, created_at=NOW - 5 * HOUR, preview="My secret", visibility="direct"
    )
    MessageFactory(case=case, network_time=case.created_at)
    verbs.hand_over_case(case.pk, manager, press, "About a film", now=NOW - 2 * HOUR)
    query = {"of": "handed_over", "from_id": billing.pk, "to_id": press.pk}
    _, row = exported(manager, **query)
    assert row == [*[""] * 8, f"{NOW - 2 * HOUR:%Y-%m-%dT%H:%M:%S+00:00}", "7200", "2 h 00, still waiting"]
    receiver = UserFactory(role=Role.MANAGER, departments=[press])
    assert exported(receiver, **query)[1][2] == "My secret"
    # An analyst reads no direct message, in no form.
    analyst = UserFactory(role=Role.ANALYST, departments=[press, billing])
    assert "My secret" not in str(exported(analyst, of="created"))


def test_who_took_cases_is_in_the_audit_log(billing, manager):
    CaseFactory(department=billing, created_at=NOW - HOUR)
    query = {"of": "created", "period": "last-4-weeks", "department": billing.pk}
    assert len(exported(manager, **query)) == 2
    entry = AuditEntry.objects.get()
    assert f"{entry}" == f"{manager} exported the cases behind New cases"
    assert [(one["name"], one["to"]) for one in entry.changes] == [
        ("Period", "26 Oct – 18 Nov 2026"),
        ("Department: Billing", ""),
    ]
    assert entry.department_ids == [billing.pk]
    # An agent reads numbers, and takes no cases with them.
    agent = UserFactory(departments=[billing])
    assert signed_in(agent).get(reverse("reports:cases_csv"), query).status_code == 404
    assert "Export all as CSV" not in signed_in(agent).get(reverse("reports:cases"), query).content.decode()
    assert "Export all as CSV" in signed_in(manager).get(reverse("reports:cases"), query).content.decode()
    assert signed_in(manager).get(reverse("reports:cases_csv"), {"of": "nothing"}).status_code == 404


def test_a_file_of_any_length_takes_the_same_memory():
    def peak(count):
        rows = ([n, "A customer writes at some length", NOW, HOUR] for n in range(count))
        tracemalloc.start()
        size = sum(len(part) for part in write_csv(["n", "text", "at", "span"], rows))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, found

    (_, small), (size, large) = peak(3000), peak(30_000)
    assert size > 1_500_000
    assert large < small + 100_000


def test_a_table_of_a_page_is_its_file(billing, manager):
    for hours in (1, 2):
        case = CaseFactory(
            department=billing, created_at=NOW - 30 * HOUR, first_response_at=NOW - (30 - hours) * HOUR
        )
        MessageFactory(case=case, network_time=case.created_at)
    service = DepartmentFactory(name="Service")
    Custody.objects.create(
        case=case, department=billing, from_department=service, sent_at=NOW - 30 * HOUR, left_at=NOW - HOUR
    )
    client, query = signed_in(manager), {"period": "last-4-weeks"}
    page = client.get(reverse("reports:dashboard"), query).content.decode()
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/reports/export/table[^"]*)"', page)]
    tables = {re.search("table=([^&]*)", link)[1]: rows_of(client.get(link)) for link in links}
    assert set(tables) == {
        "rate-table",
        "volume-table",
        "first-response-table",
        "hours-table",
        "waits-table",
        "hand-overs-table",
    }
    assert tables["first-response-table"][:2] == [
        ["First response", "Cases", "Median (s)", "9 in 10 within, or oldest (s)"],
        ["Answered", "2", "3600", "7200"],
    ]
    assert tables["hand-overs-table"][1][:4] == ["Service", "Billing", "1", "0"]
    assert tables["rate-table"][0][-1] == "Rate (%)"
    assert tables["rate-table"][1] == ["All", "2", "0", "2", "0"]
    assert client.get(reverse("reports:table_csv"), {"board": "response", "table": "none"}).status_code == 404
    assert (
        client.get(reverse("reports:table_csv"), {"board": "none", "table": "rate-table"}).status_code == 404
    )


def test_tables_are_read_with_the_values_for_programs():
    page = """<table id="t"><thead><tr><th>Who</th><th>n</th><th>Took</th><th>At</th></tr></thead><tbody>
      <tr><th><a href="#">A &amp; B</a> <svg><title>no</title><rect /></svg></th><td>1,234</td>
      <td><time datetime="PT65S">1 min</time></td><td><time datetime="2026-11-01T00:00:00+01:00">1 Nov</time></td></tr>
      <tr><td colspan="2">–</td><td>–</td><td>05</td></tr></tbody></table><table><tr><td>without id</td></tr></table>"""
    (table,) = read_tables(page)
    assert table.header == ["Who", "n", "Took (s)", "At"]
    assert table.rows == [["A & B", 1234, 65, "2026-11-01T00:00:00+01:00"], [None, None, None, "05"]]


def test_shares_changes_and_parts_of_a_whole_are_plain_numbers():
    page = """<table id="t"><thead><tr><th>Who</th><th>Share</th><th>Change</th><th>Kept</th><th>Words</th></tr></thead><tbody>
      <tr><td>A</td><td>▲ 31%</td><td>▼ 3 points</td><td><a href="#">21 of 22</a></td><td>up 31%</td></tr>
      <tr><td>B</td><td>few</td><td>as before</td><td>–</td><td>1 of few</td></tr>
      <tr><td>C</td><td>7%</td><td>▲ 1 point</td><td>1,021 of 2,000</td><td>–</td></tr></tbody></table>"""
    (table,) = read_tables(page)
    assert table.header == ["Who", "Share (%)", "Change (points)", "Kept", "Kept, of", "Words"]
    assert table.rows == [
        ["A", 31, -3, 21, 22, "up 31%"],
        ["B", "few", 0, None, None, "1 of few"],
        ["C", 7, 1, 1021, 2000, None],
    ]
    assert table.names[3] == "Kept" and table.shown[0][1:4] == ["▲ 31%", "▼ 3 points", "21 of 22"]


def test_a_chart_is_a_picture_of_its_own(billing, manager):
    MessageFactory(case=CaseFactory(department=billing, created_at=NOW), network_time=NOW)
    client = signed_in(manager)
    page = client.get(reverse("reports:dashboard")).content.decode()
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/reports/export/chart[^"]*)"', page)]
    link = next(link for link in links if "chart=rate-chart" in link)
    answer = client.get(link)
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "horseshoe-response-rate-chart-" in answer.headers["Content-Disposition"]
    picture = answer.content.decode()
    root = ET.fromstring(picture)  # noqa: S314 (our own)
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert {"title", "desc", "style", "rect", "text"} <= set(tags)
    for sign in ("var(", "light-dark(", "color-mix(", "href"):
        assert sign not in picture
    assert "a" not in tags
    assert "#1f4f8f" in picture, "the colour of bars"
    assert "Response rate by time of arrival</text>" in picture and "· by time of" in picture
    assert client.get(reverse("reports:chart_svg"), {"board": "response", "chart": "x"}).status_code == 404


def test_every_chart_is_a_picture_with_legible_words(billing, manager):
    MessageFactory(case=CaseFactory(department=billing, created_at=NOW), network_time=NOW)
    client = signed_in(manager)
    case = CaseFactory(department=billing, created_at=NOW - HOUR)
    for fields in ({}, {"outbound": True}, {"said": "thanks", "sentiment": "positive"}):
        MessageFactory(case=case, network_time=NOW - HOUR, **fields)
    for address in ("/reports/", "/reports/horseshoe/", "/reports/outcomes/"):
        page = client.get(address).content.decode()
        drawings = re.findall(r'href="(/reports/export/chart\.svg[^"]*)"', page)
        pictures = re.findall(r'href="(/reports/export/chart\.png[^"]*)"', page)
        assert len(drawings) == len(pictures) > 0
        for drawing, picture in zip(drawings, pictures, strict=True):
            size = ET.fromstring(client.get(drawing.replace("&amp;", "&")).content)  # noqa: S314 (our own)
            answer = client.get(picture.replace("&amp;", "&"))
            assert (
                answer.headers["Content-Type"] == "image/png"
                and ".png" in answer.headers["Content-Disposition"]
            )
            pixels, (width, height) = read_png(answer.content, most=64)
            assert abs(width - 2 * float(size.attrib["width"])) <= 1
            assert abs(height - 2 * float(size.attrib["height"])) <= 1
            assert (pixels[0, 0] == 255).all() and (pixels[..., 3] == 255).all(), "white paper"
            # The line of the title, above the drawing.
            assert (pixels[24:64, 32:300, :3] < 128).all(axis=2).sum() > 200


def test_the_menu_of_files_has_all_numbers_cases_and_charts(billing, manager):
    MessageFactory(case=CaseFactory(department=billing, created_at=NOW), network_time=NOW)
    client = signed_in(manager)
    page = client.get(reverse("reports:dashboard")).content.decode()
    (menu,) = re.findall(r'<details class="menu pick save exported".*?</details>', page, re.DOTALL)
    assert "The 1 cases behind it" not in menu and "The case behind it" in menu
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', menu)]
    numbers, cases, charts = (client.get(link) for link in links)
    rows = rows_of(numbers)
    assert rows[0][0] == "Response" and ["Response rate by time of arrival"] in rows
    assert ["Hour", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "All"] in rows
    assert len(rows_of(cases)) == 2
    names = zipfile.ZipFile(io.BytesIO(charts.content)).namelist()
    assert {"rate-chart.svg", "rate-chart.png", "hours-chart.svg", "hours-chart.png"} <= set(names)
    for then, board in (("mail", "response"), ("link", "response")):
        answer = client.post(
            reverse("reports:save_report"), {"board": board, "query": "", "name": "A week", "then": then}
        )
        assert answer.status_code == 302 and answer.headers["Location"].endswith(f"#{then}")
    without = client.get(reverse("reports:charts_zip"), {"board": "people"}).content
    assert zipfile.ZipFile(io.BytesIO(without)).namelist() == ["no charts.txt"]
    assert client.get(reverse("reports:page_csv"), {"board": "none"}).status_code == 404


def test_nothing_matches_says_what_each_filter_leaves_out(billing, manager, settings):
    for priority in (0, 0, 1):
        MessageFactory(
            case=CaseFactory(department=billing, created_at=NOW, priority=priority, tags=["tea"]),
            network_time=NOW,
        )
    client = signed_in(manager)
    other = BrandAccountFactory(handle="quiet_account")
    query = f"priority=2&account={other.pk}&tag=tea"
    page = " ".join(client.get(reverse("reports:dashboard") + f"?{query}").content.decode().split())
    assert "No case has all 3 filters." in page and "n = 0 of 3 cases" in page
    rows = re.findall(r'without <bdi>(.*?)</bdi></b> <a href="\?([^"]*)">(.*?)</a>', page)
    assert [(words, count) for words, _, count in rows] == [
        (f"Account “{other}”", "0 cases"),
        ("Tag “tea”", "0 cases"),
        ("Priority “Urgent”", "0 cases"),
    ]
    page = client.get(reverse("reports:dashboard") + "?priority=2&tag=tea").content.decode()
    assert re.findall(r'without <bdi>(.*?)</bdi></b> <a href="[^"]*">(.*?)</a>', page) == [
        ("Tag “tea”", "0 cases"),
        ("Priority “Urgent”", "3 cases"),
    ]
    page = " ".join(client.get(reverse("reports:dashboard") + "?priority=0").content.decode().split())
    assert "Nothing matches" not in page and "2 of 3 cases." in page
    assert re.search(r"<bdi>Billing</bdi> <span class=\"count num\">2</span>", page)
    page = client.get(reverse("reports:dashboard") + "?period=2020-01").content.decode()
    assert "Nothing to measure yet" in page and "Import history" not in page, (
        "only who may connect has the buttons"
    )


def test_words_are_drawn_on_a_machine_without_fonts(monkeypatch):
    """Each word changes pixels where it stands, with our own fonts alone."""
    draw = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **kinds: draw(**kinds, skip_system_fonts=True))
    for words in ("Response rate", "Zwölf Fälle, früh", "▲ 3", "Ответы", "Απάντηση", "✕ ◆ ▼ → ≤"):
        svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40">{}</svg>'
        written = f'<text x="8" y="28" font-family="ui-sans-serif, sans-serif" font-size="16">{words}</text>'
        pixels, _ = read_png(draw_picture(svg.format(written)))
        columns = (pixels[..., :3] < 128).any(axis=(0, 2))
        assert columns[16:].sum() > 5 * len(words.replace(" ", "")), words


def read_png(content, most=80):
    """Decode the first rows of a picture, of 8 bits with four channels as we draw it; return them and its size."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed = 8, b""
    while place < len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        body = content[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 6)
        packed += body if kind == b"IDAT" else b""
        place += length + 12
    data, step, above, rows = zlib.decompress(packed), 1 + 4 * width, bytes(4 * width), []
    for y in range(min(height, most)):
        above = unfilter(data[y * step], data[y * step + 1 : (y + 1) * step], above)
        rows.append(above)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width, 4), (width, height)


def unfilter(kind, row, above):
    """Undo the filter of one row (PNG, third edition, 9.2)."""
    result = bytearray(row)
    for x in range(len(row) if kind else 0):
        left, up, corner = (result[x - 4], above[x], above[x - 4]) if x > 3 else (0, above[x], 0)
        if kind == 4:
            a, b, c = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = left if a <= b and a <= c else up if b <= c else corner
        else:
            guess = (0, left, up, (left + up) // 2)[kind]
        result[x] = (row[x] + guess) % 256
    return bytes(result)


def test_a_file_name_says_what_and_when():
    name = name_file("Exchanges that needed an answer, Week 47", "2026-11-16", "to", "2026-11-22", kind="csv")
    assert name == "horseshoe-exchanges-that-needed-an-answer-week-47-2026-11-16-to-2026-11-22.csv"


@pytest.mark.slow
def test_a_long_list_is_never_held_in_memory(billing, manager):
    """A million rows in a full run: the database keeps them, and hands out a few thousand at once."""
    CaseFactory(department=billing, created_at=NOW)
    count = choose_size(40_000, full=1_000_000)
    sql = f"""WITH unit AS (SELECT c.id AS case_id, g AS n, c.created_at AS at, interval '1 hour' AS span, 'waiting' AS state
                            FROM inbox_case c, generate_series(1, {count}) g)"""  # noqa: S608 (a number of ours)
    behind = NumberList("All", "cases", (sql, []))
    before, most, lines = resident_bytes(), 0, 0
    for part in write_csv(export_columns(behind), export_rows(behind, manager, ZoneInfo("UTC"))):
        lines += part.count(b"\n")
        most = max(most, resident_bytes())
    assert lines == count + 1
    assert most - before < 50_000_000


@pytest.mark.parametrize("read", [export_rows, export_rows_outside])
def test_a_list_of_which_all_rows_are_read_is_planned_for_all_of_them(billing, manager, read):
    CaseFactory(department=billing, created_at=NOW)
    fraction = "current_setting('cursor_tuple_fraction')"
    sql = f"""WITH unit AS (SELECT c.id AS case_id, 1::bigint AS n, c.created_at AS at,
                                   make_interval(secs => {fraction}::float) AS span, 'waiting' AS state FROM inbox_case c)"""  # noqa: S608 (constants)
    [row] = read(NumberList("All", "cases", (sql, [])), manager, ZoneInfo("UTC"))
    assert row[-2] == dt.timedelta(seconds=1)


def resident_bytes():
    """What this process holds in memory; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0
