"""The register of brand accounts: figures, filters, pages, suggestions, decisions, and who reads which rows."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AccountReview, AuditEntry, AuditVerb, BrandAccount, Health, Lifecycle, Role
from inbox.models import Direction, Visibility
from reports.models import AccountFigures
from reports.presence.counting import count_account_figures, count_when_due
from reports.presence.register import SORTS, RegisterChoice, choose_entries, cut_page, load_entries
from reports.presence.suggestions import Evidence, suggest_decision
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SOUND = {
    "messages": 50,
    "needing": 40,
    "answered": 38,
    "quiet_for": None,
    "has_owner": True,
    "has_roster": True,
    "charter": "signed",
    "may_answer": True,
    "is_cut_off": False,
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    return DepartmentFactory(name="Customer service")


@pytest.fixture
def admin():
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service], first_name="Mara", last_name="Berg")


def register(user, **query):
    return signed_in(user).get(reverse("reports:presence"), query)


def names(user, **query):
    return [row.account.handle for row in register(user, **query).context["rows"]]


def case_with(account, *, asked, answered=None, **fields):
    case = CaseFactory(brand_account=account, created_at=NOW - asked, **fields)
    MessageFactory(case=case, network_time=NOW - asked)
    if answered is not None:
        MessageFactory(case=case, network_time=NOW - answered, direction=Direction.OUTBOUND)
    return case


class TestFigures:
    def test_public_exchanges_of_thirteen_weeks(self, admin):
        account = BrandAccountFactory(handle="kettle")
        case_with(account, asked=3 * DAY, answered=2 * DAY)
        case_with(account, asked=5 * DAY)
        case_with(account, asked=4 * DAY, visibility=Visibility.DIRECT)
        case_with(account, asked=14 * 7 * DAY, answered=DAY * 90)
        count_account_figures(NOW)
        figures = AccountFigures.objects.get()
        assert (figures.messages, figures.needing, figures.answered) == (2, 2, 1)
        assert figures.last_message_at == NOW - 3 * DAY
        row = register(admin).context["rows"][0]
        assert (row.messages, row.answered, row.last_message) == ("2", "1 of 2", "3 days ago")

    def test_they_are_counted_again_after_half_an_hour(self):
        BrandAccountFactory()
        assert [count_when_due(NOW + n * 20 * HOUR / 60) for n in range(4)] == [True, False, True, False]


class TestSuggestions:
    @pytest.mark.parametrize(
        ("change", "decision", "reason"),
        [
            ({}, "keep", "95% of 40 answered"),
            ({"needing": 0, "answered": 0}, "keep", "nothing needed an answer"),
            ({"quiet_for": 102 * DAY}, "sunset", "no message for 102 days"),
            (
                {"quiet_for": 102 * DAY, "has_roster": False},
                "sunset",
                "no message for 102 days, nobody on the roster",
            ),
            (
                {"messages": 6, "needing": 6, "answered": 1},
                "sunset",
                "6 messages in 13 weeks, 1 of 6 answered",
            ),
            ({"answered": 10}, "refocus", "25% of 40 answered"),
            ({"has_owner": False}, "refocus", "no owner"),
            ({"charter": "expired", "has_roster": False}, "refocus", "charter expired, nobody on the roster"),
            ({"is_cut_off": True, "answered": 10}, "refocus", "access refused, 25% of 40 answered"),
        ],
    )
    def test_by_rules(self, change, decision, reason):
        suggestion = suggest_decision(Evidence(**(SOUND | change)))
        assert (suggestion.decision, suggestion.reason) == (decision, reason)


class TestList:
    def test_each_figure_opens_its_list(self, admin, service):
        owner = UserFactory()
        BrandAccountFactory(
            handle="fine", owner=owner, owner_department=service, review_due_on=dt.date(2027, 3, 31)
        )
        BrandAccountFactory(handle="nobody", charter_until=NOW - DAY)
        BrandAccountFactory(handle="refused", owner=owner, health=Health.REAUTHORISE, connected_at=NOW - DAY)
        BrandAccountFactory(handle="gone", lifecycle=Lifecycle.CLOSED)
        browser = signed_in(admin)
        for figure in browser.get(reverse("reports:presence")).context["figures"]:
            page = browser.get(figure["href"]).context
            assert page["shown"] == int(figure["value"]), figure["label"]
            assert len(page["rows"]) == page["shown"]
        assert names(admin, only="no-owner") == ["nobody"]
        assert names(admin, only="cut-off") == ["refused"]
        assert names(admin, charter="expired") == ["nobody"]
        assert sorted(names(admin, view="due")) == ["nobody", "refused"]
        assert sorted(names(admin, only="quiet")) == ["fine", "nobody"]

    def test_search_filters_and_orders(self, admin, service):
        BrandAccountFactory(handle="kettle_help", owner_department=service)
        BrandAccountFactory(handle="kettle_jobs", network="facebook", purpose="Jobs at the kiln")
        assert names(admin, words="KILN kettle") == ["kettle_jobs"]
        assert names(admin, network="x") == ["kettle_help"]
        assert names(admin, owner=service.pk) == ["kettle_help"]
        assert names(admin, owner="0") == ["kettle_jobs"]
        assert names(admin, words="nothing like it") == []
        assert "Show all 2" in register(admin, words="nothing like it").content.decode()
        for sort in SORTS:
            assert sorted(names(admin, sort=sort)) == ["kettle_help", "kettle_jobs"]

    @pytest.mark.parametrize("sort", SORTS)
    def test_pages_hold_every_account_once(self, admin, sort):
        for n in range(120):
            BrandAccountFactory(handle=f"shop{n % 40}", charter_until=NOW + n * DAY)
        chosen = choose_entries(load_entries(admin, NOW), RegisterChoice(sort=sort))
        seen, after = [], 0
        while True:
            page, after = cut_page(chosen, after)
            seen += [entry.account.pk for entry in page]
            if not after:
                break
        assert len(seen) == 120
        assert set(seen) == set(BrandAccount.objects.values_list("pk", flat=True))

    def test_more_accounts_take_no_more_statements(self, admin):
        BrandAccountFactory()
        path, browser = reverse("reports:presence"), signed_in(admin)
        few = count_statements(browser, path)
        for n in range(60):
            BrandAccountFactory(owner=UserFactory() if n % 9 == 0 else None)
        assert count_statements(browser, path) == few

    def test_unknown_values_are_ignored(self, admin):
        BrandAccountFactory(handle="kettle")
        query = {"view": "x", "only": "y", "charter": "z", "sort": "w", "after": "-1"}
        assert names(admin, **query) == ["kettle"]

    def test_the_file_has_the_same_rows_and_no_formula(self, admin, service):
        BrandAccountFactory(handle="kettle", purpose="=HYPERLINK(1)", persona="+1", owner_department=service)
        BrandAccountFactory(handle="kiln", network="facebook")
        answer = signed_in(admin).get(reverse("reports:presence_csv"), {"network": "x"})
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text))
        assert (row["Account"], row["Purpose"], row["Persona"]) == ("'@kettle", "'=HYPERLINK(1)", "'+1")
        assert row["Owner department"] == "Customer service"


class TestDecisions:
    def decide(self, user, account, **values):
        return signed_in(user).post(reverse("reports:presence_decide", args=[account.pk]), values)

    def test_a_decision_is_signed_and_kept(self, manager, service):
        account = BrandAccountFactory(handle="kettle", owner_department=service)
        answer = self.decide(manager, account, decision="keep", reason="People like it")
        assert answer["Location"] == reverse("reports:presence")
        account.refresh_from_db()
        assert account.review_due_on == dt.date(2027, 3, 31)
        review = AccountReview.objects.get()
        assert (review.quarter, review.decision, review.person_name) == ("2026-Q4", "keep", "Mara Berg")
        assert review.figures["Suggested"].startswith("Sunset: no message for")
        entry = AuditEntry.objects.get(verb=AuditVerb.ACCOUNT_REVIEWED)
        assert {change["name"]: change["to"] for change in entry.changes} == {
            "Decision": "Keep",
            "Reason": "People like it",
            "Next review": "31 Mar 2027",
        }
        row = register(manager, view="keep").context["rows"][0]
        assert (row.decided, row.decided_by) == ("Keep", "Mara Berg, 18 Nov")
        assert names(manager, view="due") == []
        for refused in (AccountReview.objects.all().delete, lambda: AccountReview.objects.update(reason="x")):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                refused()

    def test_in_the_next_quarter_it_is_due_again(self, manager, service):
        account = BrandAccountFactory(handle="kettle", owner_department=service)
        self.decide(manager, account, decision="refocus", reason="Ask less")
        with time_machine.travel(dt.datetime(2027, 1, 1, 9, tzinfo=dt.UTC), tick=False):
            assert names(manager, view="due") == ["kettle"]
            assert names(manager, view="refocus") == []
            self.decide(manager, account, decision="keep", reason="Better")
            account.refresh_from_db()
            assert account.review_due_on == dt.date(2027, 6, 30)

    def test_it_needs_a_reason_and_a_sunset_leads_to_its_steps(self, manager, service):
        account = BrandAccountFactory(owner_department=service)
        assert self.decide(manager, account, decision="sunset", reason=" ").status_code == 200
        assert not AccountReview.objects.exists()
        answer = self.decide(manager, account, decision="sunset", reason="Nobody writes")
        assert answer["Location"] == reverse("accounts:sunset", args=[account.pk])
        account.refresh_from_db()
        assert account.lifecycle == Lifecycle.ACTIVE, "the decision changes nothing by itself"


class TestWhoMay:
    def test_rows_by_role(self, service, admin, manager):
        mine = BrandAccountFactory(handle="mine", owner_department=service)
        agent, outsider = (UserFactory(departments=[service]) for _ in range(2))
        theirs = BrandAccountFactory(handle="theirs", owner_department=DepartmentFactory(), owner=agent)
        analyst = UserFactory(role=Role.ANALYST, departments=[service])
        community = UserFactory(role=Role.COMMUNITY, publishes=[theirs])
        seen = {user: names(user) for user in (admin, manager, analyst, community, agent)}
        assert [sorted(rows) for rows in seen.values()] == [
            ["mine", "theirs"], ["mine"], ["mine", "theirs"], ["theirs"], ["theirs"],
        ]  # fmt: skip
        assert register(outsider).status_code == 404
        assert signed_in(outsider).get(reverse("reports:presence_csv")).status_code == 404
        decide = {
            user: [
                signed_in(user).get(reverse("reports:presence_decide", args=[account.pk])).status_code
                for account in (mine, theirs)
            ]
            for user in (admin, manager, analyst, community, agent, outsider)
        }
        assert list(decide.values()) == [
            [200, 200], [200, 404], [404, 404], [404, 404], [404, 200], [404, 404],
        ]  # fmt: skip
