"""Saved reports as their owner, their readers, receivers of mails and guests see them."""

from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Role
from reports.dashboards.boards import BOARDS
from reports.exports import schedules
from reports.exports.guests import strip_for_guest
from reports.exports.schedules import next_due, send_due_reports
from reports.models import ReportDelivery, ReportLink, ReportSchedule, SavedReport
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing], first_name="Mia", last_name="Holm")


@pytest.fixture(autouse=True)
def _today(settings):
    settings.EMAIL_URL = "smtp://mail.example"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def report(manager, billing):
    """A report that the manager saved from the page, with two public cases and a direct one behind it."""
    for visibility in ("public", "public", "direct"):
        case = CaseFactory(department=billing, created_at=NOW - HOUR, visibility=visibility)
        MessageFactory(case=case, network_time=case.created_at, visibility=visibility)
    client = signed_in(manager)
    page = client.get(
        reverse("reports:dashboard"), {"period": "last-4-weeks", "department": billing.pk}
    ).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(board|query)" value="([^"]*)"', page))
    client.post(
        reverse("reports:save_report"),
        {key: value.replace("&amp;", "&") for key, value in fields.items()} | {"name": " Billing,  weekly "},
    )
    return SavedReport.objects.get()


def schedule(report, *people, cadence="weekly", hour=8):
    answer = signed_in(report.owner).post(
        reverse("reports:schedule_report", args=[report.pk]),
        {"cadence": cadence, "hour": hour, "recipients": [one.pk for one in people]},
    )
    assert answer.status_code == 302, answer.context["schedule_form"].errors


def make_link(report, days=7):
    answer = signed_in(report.owner).post(reverse("reports:link_report", args=[report.pk]), {"days": days})
    return re.search(r'value="http://testserver(/reports/shared/[^"]+)"', answer.content.decode())[1]


def test_a_name_keeps_page_period_and_filters(report, manager, billing):
    assert (report.name, report.board, report.query) == (
        "Billing, weekly",
        "response",
        f"period=last-4-weeks&department={billing.pk}",
    )
    page = squeezed(signed_in(manager).get(reverse("reports:saved")).content.decode())
    assert f'href="/reports/?period=last-4-weeks&amp;department={billing.pk}&amp;saved={report.pk}"' in page
    assert "Department: Billing" in page and "only yours" in page
    assert "Last 4 weeks: " in page, "a period that moves is named, not only dated"


def test_a_name_is_kept_without_what_the_database_refuses_or_nobody_sees(manager):
    for name in ("a\0b", "\0", "\u200b"):
        values = {"board": "response", "name": name, "query": "tag=a%00b"}
        assert signed_in(manager).post(reverse("reports:save_report"), values).status_code == 302
    assert sorted(SavedReport.objects.values_list("name", flat=True)) == ["a\ufffdb", "\ufffd"]


def test_too_many_filters_are_refused_and_never_cut(manager):
    tags = "&".join(f"tag={'x' * 90}{number}" for number in range(30))
    values = {"board": "response", "name": "Long", "query": f"{tags}&priority=2"}
    answer = signed_in(manager).post(reverse("reports:save_report"), values, follow=True)
    assert "too many filters" in answer.content.decode()
    assert not SavedReport.objects.exists()


def test_a_report_is_private_until_it_is_shared_with_a_department(report, manager, billing):
    colleague, stranger = UserFactory(departments=[billing]), UserFactory(departments=[DepartmentFactory()])
    elsewhere = DepartmentFactory(name="Elsewhere")
    page = reverse("reports:saved_report", args=[report.pk])
    assert "Billing, weekly" not in signed_in(colleague).get(reverse("reports:saved")).content.decode()
    signed_in(manager).post(page, {"name": "Billing, weekly", "department": elsewhere.pk})
    report.refresh_from_db()
    assert report.department is None, "only with a department of one's own"
    signed_in(manager).post(page, {"name": "Billing, weekly", "department": billing.pk})
    assert "Mia Holm’s, for Billing" in squeezed(
        signed_in(colleague).get(reverse("reports:saved")).content.decode()
    )
    assert "Billing, weekly" not in signed_in(stranger).get(reverse("reports:saved")).content.decode()
    for name in ("saved_report", "schedule_report", "link_report", "delete_report"):
        address = reverse(f"reports:{name}", args=[report.pk])
        assert signed_in(colleague).post(address, {}).status_code == 404, name
    signed_in(manager).post(reverse("reports:delete_report", args=[report.pk]))
    assert not SavedReport.objects.exists()


def test_due_times_follow_the_wall_clock():
    monday = next_due("weekly", 8, dt.datetime(2026, 10, 20, tzinfo=dt.UTC), BERLIN)
    assert monday == dt.datetime(2026, 10, 26, 7, tzinfo=dt.UTC), "winter time"
    assert next_due("weekly", 8, monday, BERLIN) == monday + 7 * DAY
    assert next_due("daily", 8, dt.datetime(2026, 10, 24, 7, tzinfo=dt.UTC), BERLIN) == monday - DAY
    assert next_due("monthly", 0, monday, BERLIN) == dt.datetime(2026, 10, 31, 23, tzinfo=dt.UTC)


def test_everybody_is_sent_what_they_may_see_once(report, manager, billing):
    analyst = UserFactory(role=Role.ANALYST, departments=[billing])
    schedule(report, manager, analyst)
    due_at = ReportSchedule.objects.get().due_at
    assert send_due_reports(due_at - HOUR) == 0
    assert [send_due_reports(due_at + HOUR) for _ in range(3)] == [2, 0, 0]
    by_person = {message.to[0]: message for message in mail.outbox}
    assert set(by_person) == {manager.email, analyst.email}
    mine, theirs = by_person[manager.email], by_person[analyst.email]
    assert mine.subject.startswith("Billing, weekly: ")
    assert "Needed an answer: 3" in mine.body and "Needed an answer: 2" in theirs.body
    assert (
        "http://testserver/reports/?period=last-4-weeks" in mine.body and "Department: Billing" in mine.body
    )
    assert mine.alternatives[0][1] == "text/html" and ">3</td>" in mine.alternatives[0][0]
    files = {name: content for name, content, _ in mine.attachments}
    assert any("rate" in name and name.endswith(".csv") for name in files)
    # A week later again, and after three weeks without a server one mail, not three.
    assert ReportSchedule.objects.get().due_at == due_at + 7 * DAY
    assert send_due_reports(due_at + 21 * DAY + HOUR) == 2
    assert AuditEntry.objects.filter(verb="reports.scheduled").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_tasks_at_once_send_one_mail(report, manager):
    schedule(report, manager)
    due_at = ReportSchedule.objects.get().due_at + HOUR

    def run(_):
        try:
            return send_due_reports(due_at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1
    assert len(mail.outbox) == 1


def test_the_owner_sees_why_a_mail_was_not_sent(report, manager, billing, settings, monkeypatch):
    gone = UserFactory(role=Role.AGENT, departments=[billing], first_name="Ole", last_name="Gone")
    schedule(report, gone)
    due_at = ReportSchedule.objects.get().due_at
    gone.is_active = False
    gone.save()
    assert send_due_reports(due_at) == 0
    page = squeezed(signed_in(manager).get(reverse("reports:saved")).content.decode())
    assert "Not sent to Ole Gone: Ole Gone was deactivated." in page
    # A mail server that is away, one that is not set up, and a process that dies in between.
    schedule(report, manager, cadence="daily")
    reasons = []
    settings.EMAIL_BACKEND = "tests.reports.test_saved.Refusing"
    send_due_reports(ReportSchedule.objects.get().due_at)
    reasons.append(ReportDelivery.objects.latest("pk").problem)
    settings.EMAIL_URL = ""
    send_due_reports(ReportSchedule.objects.get().due_at)
    reasons.append(ReportDelivery.objects.latest("pk").problem)
    monkeypatch.setattr(schedules, "_deliver", lambda *_: 0)
    last = ReportSchedule.objects.get().due_at
    send_due_reports(last)
    send_due_reports(last + HOUR)
    reasons.append(ReportDelivery.objects.latest("pk").problem)
    assert [reason.split(".")[0].split("(")[0].strip() for reason in reasons] == [
        "The mail server refused it or did not answer",
        "No mail server is set up",
        "Horseshoe stopped while this was being sent, so nobody knows whether it arrived",
    ]
    assert mail.outbox == []


class Refusing:
    """A mail backend that is not there."""

    def __init__(self, **_):
        pass

    def send_messages(self, _messages):
        raise ConnectionRefusedError


def test_a_guest_reads_numbers_and_nothing_else(report, manager):
    address = make_link(report)
    token = address.split("/")[3]
    assert token not in str(ReportLink.objects.values()), "only its hash is stored"
    answer = Client().get(address)
    page = squeezed(answer.content.decode())
    assert answer.status_code == 200 and "Shared by Mia Holm" in page
    assert '<td class="num" data-label="Needed an answer"><span>2</span>' in page, "no direct message"
    assert "<a " not in page and "<form" not in page and "<script" not in page and "/reports/" not in page
    assert "noindex" in answer.headers["X-Robots-Tag"] and "noindex" in page
    assert (
        answer.headers["Referrer-Policy"] == "no-referrer" and "no-store" in answer.headers["Cache-Control"]
    )
    assert Client().post(address).status_code == 405
    assert [entry.verb for entry in AuditEntry.objects.order_by("pk")] == ["reports.shared"]


def test_every_board_has_files_mails_and_links_but_people_have_no_guests(manager, billing):
    owner = UserFactory(first_name="Ilse", last_name="Marchetti", departments=[billing])
    account = BrandAccountFactory(owner=owner, handle="kettle")
    for _ in range(2):
        case = CaseFactory(department=billing, brand_account=account, created_at=NOW - HOUR)
        MessageFactory(case=case, network_time=case.created_at)
    client, guests = signed_in(manager), set()
    for board in BOARDS.values():
        values = {"board": board.name, "query": "period=last-4-weeks", "name": f"Of {board.name}"}
        client.post(reverse("reports:save_report"), values)
        report = SavedReport.objects.get(board=board.name)
        opened = client.get(reverse(board.url_name), {"period": "last-4-weeks", "saved": report.pk})
        assert f"Of {board.name}" in opened.content.decode(), "a saved report says its name"
        answer = client.post(reverse("reports:link_report", args=[report.pk]), {"days": 7})
        link = re.search(r'value="http://testserver(/reports/shared/[^"]+)"', answer.content.decode())
        if link:
            guests.add(board.name)
            shown = Client().get(link[1]).content.decode()
            assert "Ilse" not in shown and "<form" not in shown and "<summary>Save" not in shown
            assert (
                "26 Oct – 18 Nov 2026" in shown and "css/horseshoe.css" in shown or board.name != "horseshoe"
            )
        schedule(report, manager)
    assert guests == {board.name for board in BOARDS.values() if board.for_guests}
    assert "people" not in guests and {"horseshoe", "brand-accounts"} <= guests
    assert send_due_reports(ReportSchedule.objects.latest("due_at").due_at) == len(BOARDS)
    stranger = UserFactory(departments=[billing])
    other = signed_in(stranger).get(reverse("reports:dashboard"), {"saved": report.pk})
    assert "Of " + report.board not in other.content.decode(), "not the name of somebody else’s report"


def test_a_report_narrowed_to_a_person_is_a_look_at_them(manager, billing):
    agent = UserFactory(departments=[billing])
    other = UserFactory(departments=[billing])
    CaseFactory(department=billing, assignee=agent, created_at=NOW - HOUR)

    def looks():
        entries = AuditEntry.objects.filter(verb="people.figures").order_by("pk")
        return [(entry.actor_id, entry.person_id) for entry in entries]

    client, query = signed_in(manager), {"person": [agent.pk, manager.pk]}
    client.get(reverse("reports:dashboard"), {"person": manager.pk})
    assert looks() == []
    client.get(reverse("reports:dashboard"), query)
    client.get(reverse("reports:dashboard"), query)
    assert looks() == [(manager.pk, agent.pk)]
    for number, (name, more) in enumerate(
        [("cases", {"of": "created"}), ("cases_csv", {"of": "created"}),
         ("cases", {"of": "created", "only_person": agent.pk}), ("cases", {"of": "answers", "by": agent.pk}),
         ("table_csv", {"board": "response", "table": "rate-table"}), ("chart_svg", {"board": "response", "chart": "rate-chart"})]
    ):  # fmt: skip
        by_whom = {} if "by" in more or "only_person" in more else query
        with time_machine.travel(NOW + (number + 1) * 13 * HOUR, tick=False):
            assert client.get(reverse(f"reports:{name}"), by_whom | more).status_code == 200
        assert looks() == [(manager.pk, agent.pk)] * (number + 2), name
    # A mail is a look of who receives it.
    SavedReport.objects.create(
        name="Ada", owner=manager, board="response", query=f"person={other.pk}", created_at=NOW
    )
    schedule(SavedReport.objects.get(), manager)
    send_due_reports(ReportSchedule.objects.get().due_at)
    assert looks()[-1] == (manager.pk, other.pk)


def test_a_link_ends_when_it_expires_is_revoked_or_its_maker_leaves(report, manager):
    expiring, revoked, orphan = (make_link(report, days) for days in (1, 7, 30))
    with time_machine.travel(NOW + DAY + HOUR, tick=False):
        assert [Client().get(one).status_code for one in (expiring, revoked)] == [404, 200]
    link = ReportLink.objects.order_by("pk")[1]
    answer = signed_in(manager).post(reverse("reports:revoke_report_link", args=[report.pk, link.pk]))
    assert answer.status_code == 302 and Client().get(revoked).status_code == 404
    assert AuditEntry.objects.latest("pk").verb == "reports.revoked"
    assert {Client().get(f"/reports/shared/{guess}/").status_code for guess in ("guess", "g" * 43)} == {404}
    assert Client().get(orphan).status_code == 200
    manager.role = Role.AGENT
    manager.save()
    assert Client().get(orphan).status_code == 404
    assert (
        signed_in(manager).post(reverse("reports:link_report", args=[report.pk]), {"days": 7}).status_code
        == 404
    )


def test_nobody_is_shown_more_than_a_report_is_narrowed_to(report, manager, billing):
    address, elsewhere = make_link(report), DepartmentFactory(name="Elsewhere")
    schedule(report, manager)
    manager.memberships.all().delete()
    manager.memberships.create(department=elsewhere)
    assert Client().get(address).status_code == 404
    assert send_due_reports(ReportSchedule.objects.get().due_at + HOUR) == 0 and not mail.outbox
    assert "may see nothing of what it is narrowed to" in ReportDelivery.objects.get().problem
    for person in (UserFactory(departments=[elsewhere]), manager):
        SavedReport.objects.update(query=f"person={person.pk}")
        signed_in(manager).post(reverse("reports:link_report", args=[report.pk]), {"days": 7})
    assert ReportLink.objects.count() == 1, "a guest sees nobody's own work"


def test_what_a_guest_has_no_use_for_is_taken_out():
    page = strip_for_guest(
        '<form class="selection"><input><a href="/x">in</a></form><a class="fig" href="/y"><b>1 &amp; 2</b></a>'
        '<svg><a href="/z"><rect x="1" /></a></svg><p class="exports"><a href="/c">CSV</a></p><td><a href="/d">3</a></td>'
    )
    assert page == (
        '<div class=fig><b>1 &amp; 2</b></div><svg><g><rect x="1" /></g></svg><td><span>3</span></td>'
    )
