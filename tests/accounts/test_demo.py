"""`manage.py seed_demo` against the simulated networks."""

from __future__ import annotations

import datetime as dt
import io
import json
from zoneinfo import ZoneInfo

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import BrandAccount, BrandAccountGrant, DemoMarker, Department, Membership, Shift, User
from accounts.roster import planning
from config.demo import company as demo_company
from config.demo.past import calendar, filling
from inbox.learning_items.recipients import list_recipients
from inbox.models import Case, Custody, LearningItem, LearningLink, Message, MessageCorrection
from reports.filters import NO_FILTERS
from reports.measures.attainment import sla_attainment
from reports.measures.exchanges import response_cohorts
from reports.measures.hand_overs import hand_over_pairs
from reports.measures.volume import case_volume
from reports.periods import last_weeks
from reports.rollups.refreshing import refresh_for
from reports.topics.active import active_alerts
from reports.topics.working import work_on_topics
from routing.facts import Facts
from routing.models import RoutingExample
from routing.rules.versions import live_rules
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db


def state() -> list[object]:
    models = (User, Department, Membership, BrandAccount, BrandAccountGrant, DemoMarker, Shift)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    return [
        [{k: v for k, v in row.items() if not k.endswith(("_at", "since"))} for row in part] for part in rows
    ]


def seed(networks, *more: str) -> None:
    call_command("seed_demo", "--simulator", networks.url, *more)


def exit_status() -> int:
    with pytest.raises(SystemExit) as left:
        call_command("seed_demo", "--check")
    return left.value.code


def test_it_makes_a_company_that_works(networks, capsys, client):
    assert exit_status() == 0
    seed(networks)
    assert exit_status() == 0
    assert Department.objects.count() == 10
    assert set(User.objects.values_list("role", flat=True)) == {
        "administrator",
        "manager",
        "community",
        "agent",
        "analyst",
    }
    assert {one.slug for one in Department.objects.filter(memberships__user__role="agent")} >= {
        "billing",
        "tech",
    }
    assert BrandAccount.objects.count() == len(networks.accounts("x")) + len(networks.accounts("facebook"))
    assert not BrandAccount.objects.filter(owner_department=None).exists()
    assert not BrandAccountGrant.objects.filter(
        user__role__in=["analyst", "administrator"], can_publish=True
    ).exists()
    rosters = planning.load_rosters(BrandAccount.objects.all(), NOW)
    assert {kept.on_point(NOW) for kept in rosters.values()} == {
        planning.OnPoint("Juno Achterberg", "Pavel Oster")
    }
    printed = capsys.readouterr().out
    for person in demo_company.PEOPLE:
        assert person.username in printed
    assert client.login(username="juno", password=demo_company.PASSWORD)


@pytest.mark.slow
def test_a_past_fills_the_reports_and_leaves_nothing_to_do(networks, monkeypatch):
    monkeypatch.setattr(calendar, "CASES", 700)
    seed(networks, "--past", "later")
    assert not Case.objects.exists()
    # As the workers do: a few days, stopped, and the rest.
    assert filling.fill_day() and filling.fill_day()
    begun = list(Case.objects.order_by("id").values_list("id", flat=True))
    seed(networks, "--past")
    assert not filling.fill_day() and not filling.begin_past(timezone.now()), "once"
    assert list(Case.objects.order_by("id").values_list("id", flat=True))[: len(begun)] == begun
    assert Case.objects.count() == 700
    assert not Case.objects.filter(closed_at=None).exists()
    assert (
        Case.objects.filter(reopen_count__gt=0).exists()
        and Case.objects.filter(returned_count__gt=0).exists()
    )
    assert RoutingExample.objects.count() > 50 and MessageCorrection.objects.exists()
    assert set(Message.objects.values_list("language", flat=True)) > {
        "en",
        "de",
        "fr",
        "es",
        "nl",
        "it",
        "pt",
    }
    assert Case.objects.filter(messages__text__contains="Fern Toaster 4").distinct().count() > 100
    states = dict(LearningItem.objects.values_list("title", "state"))
    assert set(states.values()) == {"shipped", "with_owner", "collecting"}
    assert (
        LearningLink.objects.filter(item__state="shipped", quote__text__contains="Fern Toaster 4").count()
        > 20
    )
    mara, now = User.objects.get(username="mara"), timezone.now()
    refresh_for(60)
    work_on_topics(now, 60)
    (alert,) = active_alerts(mara, now)
    assert alert.label == "blue water" and alert.customers == len(alert.readable_ids) == 7
    item, juno = LearningItem.objects.get(state="shipped"), User.objects.get(username="juno")
    told = [
        each
        for each in list_recipients(item, juno, "Hi {name}, it is mended.", "", now=now)
        if not each.reason
    ]
    assert len(told) > 8
    posts = httpx.get(f"{networks.url}/_sim/ledger.json", trust_env=False).json()["messages"]
    at_network = {post["id"]: post["text"] for post in posts}
    assert all(at_network[each.parent.reply_ref["tweet_id"]] == each.parent.text for each in told)
    period = last_weeks(8, now=now, zone=ZoneInfo("UTC"))
    cohorts = response_cohorts(mara, period, NO_FILTERS, promised=dt.timedelta(hours=4), now=now)
    assert all(cohort.needing for cohort in cohorts[:-1])
    answered, needing = sum(each.answered for each in cohorts), sum(each.needing for each in cohorts)
    assert 0.6 < answered / needing < 0.95
    assert {
        len(hand_over_pairs(mara, period, NO_FILTERS, now=now)) > 3,
        case_volume(mara, period, NO_FILTERS, now=now).rows[0].total > 20,
    } == {True}
    for clock in sla_attainment(mara, period, NO_FILTERS, now=now):
        assert clock.clock == "next_response" or (clock.met and clock.missed)
    custodies = Custody.objects.order_by("case_id", "sent_at")
    for case in Case.objects.prefetch_related(Prefetch("custodies", custodies)):
        chain = list(case.custodies.all())
        ends = [(case.created_at, None), *((one.left_at, one.department_id) for one in chain)]
        assert [(one.sent_at, one.from_department_id) for one in chain] == ends[:-1]
        assert ends[-1] == (case.closed_at, case.department_id)
        assert case.closed_at <= now
    replayed = io.StringIO()
    call_command("replay", stdout=replayed)
    assert " 0 differ" in f" {replayed.getvalue()}", replayed.getvalue()


def test_the_starter_rules_decide(networks):
    from routing.rules.engine import decide

    seed(networks)
    facts = Facts("You charged my card twice for one order", "x", "mentions", "kettleandfern", NOW)
    assert decide(facts, live_rules()).department == "billing"


def test_again_changes_nothing(networks):
    seed(networks)
    before = state()
    seed(networks)
    assert state() == before


def test_again_repairs_and_respects_what_people_changed(networks, capsys):
    seed(networks)
    User.objects.get(username="kofi").delete()
    juno = User.objects.get(username="juno")
    juno.set_password("my own password")
    juno.role = "manager"
    juno.save()
    capsys.readouterr()
    seed(networks, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert User.objects.filter(username="kofi").exists()
    rows = {row["username"]: row for row in printed["sign_ins"]}
    assert (rows["juno"]["password"], rows["juno"]["role"]) == ("(changed)", "Manager")
    assert rows["kofi"]["password"] == demo_company.PASSWORD


@pytest.mark.slow
def test_again_knows_people_by_another_name_and_gives_nothing_back(networks):
    seed(networks)
    User.objects.filter(username="juno").update(username="juno.k")
    taken = BrandAccountGrant.objects.filter(user__username="sana").first()
    taken.delete()
    before = state()
    seed(networks)
    assert state() == before
    assert User.objects.filter(email__startswith="juno").count() == 1
    assert not BrandAccountGrant.objects.filter(
        user=taken.user_id, brand_account=taken.brand_account_id
    ).exists()


def test_a_companys_own_database_is_left_alone(networks):
    UserFactory()
    before = state()
    assert exit_status() == 3
    with pytest.raises(CommandError, match="not a demo"):
        seed(networks)
    assert state() == before


@pytest.mark.slow
def test_force_seeds_and_still_calls_it_no_demo(networks):
    UserFactory()
    seed(networks, "--force")
    assert User.objects.count() == len(demo_company.PEOPLE) + 1
    assert exit_status() == 3


def test_it_never_sends_the_demos_secrets_elsewhere(networks, settings):
    settings.NETWORK_API_URLS = {"x": "", "facebook": ""}
    with pytest.raises(CommandError, match="Set X_API_URL="):
        seed(networks)
    assert not User.objects.exists()


def test_without_the_networks_it_says_so(settings):
    settings.NETWORK_API_URLS = {"x": "http://127.0.0.1:9/x"}
    with pytest.raises(CommandError, match="do not tell their accounts"):
        call_command("seed_demo", "--simulator", "http://127.0.0.1:9")
    assert not User.objects.exists()
