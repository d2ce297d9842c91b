"""The entry check: what an account would bring against the roster of its owners, and going past it with a reason."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.brand_accounts import sampling
from accounts.models import AuditEntry, AuditVerb, BrandAccount, Shift
from accounts.presence_review import entry_check, passing_over
from accounts.presence_review.entry_check import Forecast, describe_forecast, draw_forecast, forecast_load
from networks.base import Author, Credentials, InboundMessage, PollResult, RetryLater
from tests.accounts.brand_accounts.test_oauth import confirm, granted
from tests.factories import NOW, BrandAccountFactory, UserFactory

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)
#: A Monday, 09:30 of the company's clock, which is UTC here.
MONDAY = dt.datetime(2026, 11, 16, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def staffed(department):
    """The department has an account with somebody on point on weekdays from 9 to 17."""
    account, person = BrandAccountFactory(owner_department=department), UserFactory()
    for weekday in range(5):
        Shift.objects.create(
            brand_account=account, weekday=weekday, starts_at=dt.time(9), ends_at=dt.time(17), primary=person
        )
    return department


def weekly(*offsets):
    """Arrivals at these times after Monday 09:30, in each of eight weeks."""
    return [MONDAY - week * WEEK + offset for week in range(1, 9) for offset in offsets]


@pytest.fixture(autouse=True)
def _all_need_an_answer(monkeypatch, settings):
    settings.DISPLAY_TIME_ZONE = "UTC"
    monkeypatch.setattr(entry_check, "needs_answer_share_hooks", [lambda network: None])


class TestForecast:
    def test_what_nobody_is_there_for(self, staffed, monkeypatch):
        arrivals = weekly(*[DAY * day for day in range(5)], *[5 * DAY] * 3, 6 * DAY, 10 * HOUR)
        forecast = forecast_load(arrivals, "x", staffed, MONDAY)
        assert forecast.is_over
        loads = {day.name: (round(day.load), round(day.outside)) for day in forecast.weekdays}
        assert loads == {
            "Monday": (2, 1), "Tuesday": (1, 0), "Wednesday": (1, 0), "Thursday": (1, 0), "Friday": (1, 0),
            "Saturday": (3, 3), "Sunday": (1, 1),
        }  # fmt: skip
        assert describe_forecast(forecast, staffed) == (
            "About 10 messages a week would need an answer, most of them on Saturday 9:00–10:00. 5 messages of them would "
            "come while nobody of Customer service is on point: Monday 1, Saturday 3, Sunday 1."
        )
        bars = draw_forecast(forecast)
        assert max(bar.height + bar.outside_height for bar in bars) == pytest.approx(100, abs=0.2)
        assert Forecast.from_json(forecast.to_json()) == forecast
        monkeypatch.setattr(entry_check, "needs_answer_share_hooks", [lambda network: 0.5])
        assert round(forecast_load(arrivals, "x", staffed, MONDAY).load) == 5

    def test_what_the_roster_covers(self, staffed):
        forecast = forecast_load(weekly(HOUR, DAY), "x", staffed, MONDAY)
        assert not forecast.is_over
        assert "on point for all of them" in describe_forecast(forecast, staffed)

    def test_without_a_roster_or_without_messages(self, department, db):
        forecast = forecast_load(weekly(5 * DAY), "x", department, MONDAY)
        assert not forecast.is_over
        assert "has no roster yet" in describe_forecast(forecast, department)
        assert forecast_load([], "x", department, MONDAY) is None
        assert forecast_load([MONDAY - 200 * DAY], "x", department, MONDAY) is None

    def test_a_short_sample_counts_as_a_week(self, staffed):
        forecast = forecast_load([MONDAY - HOUR] * 3, "x", staffed, MONDAY)
        assert round(forecast.load) == 3


class TestSample:
    def test_times_of_customers_alone_and_what_is_refused_is_left_out(self, monkeypatch):
        def message(number, **author):
            return InboundMessage(
                "mentions",
                str(number),
                str(number),
                "t",
                "",
                Author(f"{number}", **author),
                "",
                NOW + number * HOUR,
            )

        class Refusing:
            def __init__(self):
                self.asked = []

            def poll(self, stream, cursor, limit=100):
                self.asked.append((stream, dict(cursor)))
                if stream == "direct":
                    raise RetryLater("slow down")
                if cursor:
                    return PollResult((message(3),), {})
                return PollResult((message(1), message(2, is_self=True)), {"at": 1}, has_more=True)

        connector = Refusing()
        monkeypatch.setattr(sampling, "open_connector", lambda credentials: connector)
        arrivals = sampling.sample_arrivals(Credentials("x", "1", {}))
        assert arrivals == [NOW + HOUR, NOW + 3 * HOUR]
        assert ("mentions", {"at": 1}) in connector.asked


class TestConnecting:
    def test_too_much_asks_for_a_reason_that_is_kept(self, admin, networks, staffed, monkeypatch):
        asked = []
        monkeypatch.setattr(
            passing_over,
            "sample_arrivals",
            lambda credentials: (
                asked.append(credentials) or [dt.datetime.now(dt.UTC) - n * HOUR for n in range(24 * 14)]
            ),
        )
        account = networks.accounts("x")[0]
        answer = granted(admin, networks)
        form = {"remote_id": account["remote_id"], "owner_department": staffed.pk}
        page = confirm(admin, answer, **form)
        html = page.content.decode()
        assert page.status_code == 200
        assert "while nobody of Customer service is on point" in html
        assert "Connect all the same" in html
        assert BrandAccount.objects.count() == 1
        assert (
            "while nobody of Customer service is on point" in admin.get(answer["Location"]).content.decode()
        )
        assert confirm(admin, answer, **form).status_code == 200
        assert confirm(admin, answer, **form, reason="A recall, we add a shift").status_code == 302
        assert BrandAccount.objects.count() == 2
        assert len(asked) == 1, "the network is asked once"
        entry = AuditEntry.objects.get(verb=AuditVerb.ENTRY_CHECK_PASSED_OVER)
        assert entry.changes[1]["to"] == "A recall, we add a shift"


class TestCommand:
    def test_too_much_stops_it_until_a_reason_is_given(
        self, networks, staffed, monkeypatch, tmp_path, capsys
    ):
        arrivals = [dt.datetime.now(dt.UTC) - n * HOUR for n in range(24 * 14)]
        monkeypatch.setattr(passing_over, "sample_arrivals", lambda credentials: arrivals)
        account, path = networks.accounts("x")[0], tmp_path / "x.json"
        path.write_text(json.dumps(account["secrets"]))
        path.chmod(0o600)
        given = ["connect", "x", "--handle", "kettle", "--remote-id", account["remote_id"],
                 "--credentials-file", str(path), "--owner-department", staffed.slug]  # fmt: skip
        before = BrandAccount.objects.count()
        with pytest.raises(
            CommandError, match="while nobody of Customer service is on point.* --despite REASON"
        ):
            call_command(*given)
        assert BrandAccount.objects.count() == before
        call_command(*given, "--despite", "A recall, we add a shift")
        assert "while nobody of Customer service is on point" in capsys.readouterr().out
        entry = AuditEntry.objects.get(verb=AuditVerb.ENTRY_CHECK_PASSED_OVER)
        assert [change["to"] for change in entry.changes][1] == "A recall, we add a shift"
        call_command(*given)
        assert BrandAccount.objects.count() == before + 1, "connecting again is not checked"
