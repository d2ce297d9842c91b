"""What somebody has just done is undone as if it had not happened, and the next case opens by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.case_page.event_lines import event_line
from inbox.cases import hand_overs, verbs
from inbox.cases.snoozing import Snooze, snooze_case
from inbox.cases.undo import find_undoable_act, undo_act
from inbox.changes.change import change_case
from inbox.changes.refusals import Conflict, Invalid
from inbox.models import Case, CaseEvent, Custody, Notice, Verb
from inbox.notices.watches import set_watching
from tests.factories import CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db


def _until_tomorrow(now):
    return Snooze(until=now + dt.timedelta(days=1))


ACTS = {
    "resolve": lambda case, by, _other, now: verbs.resolve_case(case.pk, by, now=now),
    "dismiss": lambda case, by, _other, now: verbs.dismiss_case(case.pk, by, "Spam", now=now),
    "take": lambda case, by, _other, now: verbs.claim_case(case.pk, by, now=now),
    "assign": lambda case, by, other, now: verbs.assign_case(case.pk, by, other, now=now),
    "snooze": lambda case, by, _other, now: snooze_case(case.pk, by, _until_tomorrow(now), now=now),
    "accept": lambda case, by, _other, now: hand_overs.accept_case(case.pk, by, now=now),
}


@pytest.fixture
def now():
    # The database lets an acceptance be taken back only soon after it.
    return timezone.now()


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def ann(service):
    return UserFactory(departments=[service], role=Role.MANAGER, first_name="Ann", last_name="Bell")


@pytest.fixture
def ben(service):
    return UserFactory(departments=[service])


@pytest.fixture
def case(service, now):
    """An open case that waits, with running clocks."""
    began = now - dt.timedelta(hours=1)
    case = CaseFactory(department=service, created_at=began, unsent="failed", unsent_since=began)
    MessageFactory(case=case, network_time=began, received_at=began)
    with transaction.atomic(), change_case(case.pk, now=began) as change:
        change.set(priority=1)
    return Case.objects.get(pk=case.pk)


def state(case):
    """Everything stored about the case and its custody, but for the version."""
    stored = Case.objects.filter(pk=case.pk).values().get()
    del stored["version"]
    return stored, list(Custody.objects.filter(case=case).order_by("pk").values())


@pytest.mark.parametrize("act", ACTS)
def test_an_undo_leaves_nothing_of_the_act_but_its_history(case, ann, ben, now, act):
    set_watching(case.pk, ben, on=True, now=now)
    before = state(case)
    done = ACTS[act](case, ann, ben, now)
    assert state(case) != before
    version = find_undoable_act(case.pk, ann, now)
    assert version == done.version
    undo_act(case.pk, ann, version, now=now + dt.timedelta(seconds=9))
    assert state(case) == before
    event = CaseEvent.objects.get(case=case, verb=Verb.UNDONE)
    assert event_line(event).startswith("Ann Bell undid ")
    assert not Notice.objects.exists()
    # Pressed twice, it is undone once.
    undo_act(case.pk, ann, version, now=now + dt.timedelta(seconds=9))
    assert CaseEvent.objects.filter(case=case, verb=Verb.UNDONE).count() == 1


def test_only_ones_own_act_is_undone_and_only_for_a_moment(case, ann, ben, now):
    done = verbs.resolve_case(case.pk, ann, now=now)
    assert find_undoable_act(case.pk, ben, now) is None
    with pytest.raises(Invalid, match="nothing of yours"):
        undo_act(case.pk, ben, done.version, now=now)
    with pytest.raises(Case.DoesNotExist):
        undo_act(case.pk, UserFactory(), done.version, now=now)
    with pytest.raises(Conflict, match="too late"):
        undo_act(case.pk, ann, done.version, now=now + dt.timedelta(seconds=21))
    assert not Case.objects.get(pk=case.pk).is_open


def test_what_a_colleague_changed_since_stays(case, ann, ben, now):
    done = verbs.claim_case(case.pk, ben, now=now)
    verbs.assign_case(case.pk, ann, ann, now=now)
    with pytest.raises(Conflict, match="Ann Bell took this case"):
        undo_act(case.pk, ben, done.version, now=now)
    assert Case.objects.get(pk=case.pk).assignee == ann


def test_what_the_customer_wrote_since_keeps_its_clock(case, ann, now):
    done = verbs.claim_case(case.pk, ann, now=now)
    later = now + dt.timedelta(seconds=3)
    with transaction.atomic(), change_case(case.pk, now=later) as change:
        change.set(priority=2, activity_at=later)
    undo_act(case.pk, ann, done.version, now=later)
    kept = Case.objects.get(pk=case.pk)
    assert (kept.assignee, kept.priority, kept.activity_at) == (None, 2, later)


class TestPages:
    @pytest.fixture
    def following(self, service, now):
        case = CaseFactory(department=service, created_at=now)
        MessageFactory(case=case)
        return case

    @pytest.mark.parametrize(
        ("verb", "fields"),
        [
            ("resolve", {}),
            ("dismiss", {"reason": "Spam"}),
            ("assign", {"to": "me"}),
            ("accept", {}),
            ("snooze", {"preset": "tomorrow"}),
        ],
    )
    def test_each_act_offers_its_undo_with_and_without_scripts(self, case, ann, verb, fields):
        client, before = signed_in(ann), state(case)
        for options in (HTMX, {"follow": True}):
            shown = client.post(reverse(f"inbox:{verb}", args=[case.pk]), fields, **options).content.decode()
            address = reverse("inbox:undo", args=[case.pk, Case.objects.get(pk=case.pk).version])
            assert f'action="{address}"' in shown
            assert 'data-key="z"' in shown
            undone = client.post(address, **options).content.decode()
            assert "Undone: the case is as it was." in undone
            assert state(case) == before

    def test_a_case_that_was_taken_as_the_next_one_is_given_back(self, case, ann):
        client, before = signed_in(ann), state(case)
        shown = client.post(reverse("inbox:take_next"), follow=True).content.decode()
        address = reverse("inbox:undo", args=[case.pk, Case.objects.get(pk=case.pk).version])
        assert "It is yours." in shown
        assert f'action="{address}"' in shown
        client.post(address)
        assert state(case) == before

    def test_the_next_case_opens_with_the_undo_of_the_one_before(self, case, following, ann):
        client, address = signed_in(ann), reverse("inbox:resolve", args=[case.pk])
        shown = client.post(address, **HTMX, headers={"Horseshoe-Next": str(following.pk)})
        assert shown["HX-Retarget"] == "#case"
        assert shown["HX-Push-Url"] == reverse("inbox:case", args=[following.pk])
        body = shown.content.decode()
        assert f"Resolved: {case.identity.display_name}. Next case opened." in body
        assert f'data-case="{following.pk}"' in body
        undo = reverse("inbox:undo", args=[case.pk, Case.objects.get(pk=case.pk).version])
        assert undo in body
        back = client.post(undo, **HTMX)
        assert back["HX-Push-Url"] == reverse("inbox:case", args=[case.pk])
        assert f'data-case="{case.pk}"' in back.content.decode()

    def test_it_opens_none_that_may_not_be_read_and_none_for_who_does_not_want_it(self, case, following, ann):
        hidden = CaseFactory()
        client, address = signed_in(ann), reverse("inbox:resolve", args=[case.pk])
        for named in (str(hidden.pk), "9" * 30, "x", ""):
            shown = client.post(address, **HTMX, headers={"Horseshoe-Next": named})
            assert (shown.status_code, "HX-Retarget" in shown) == (200, False)
            verbs.reopen_case(case.pk, ann, now=timezone.now())
        client.post(reverse("inbox:set_opening"), {}, **HTMX)
        shown = client.post(address, **HTMX, headers={"Horseshoe-Next": str(following.pk)})
        assert "HX-Retarget" not in shown
        client.post(reverse("inbox:set_opening"), {"opens_next_case": "on"})
        ann.refresh_from_db()
        assert ann.opens_next_case

    def test_a_refused_undo_says_why_beside_the_case(self, case, ann, ben):
        client = signed_in(ben)
        done = verbs.claim_case(case.pk, ben, now=timezone.now())
        verbs.assign_case(case.pk, ann, ann, now=timezone.now())
        refused = client.post(reverse("inbox:undo", args=[case.pk, done.version]), **HTMX)
        assert refused.status_code == 409
        page = refused.content.decode()
        assert "Not undone" in page and "Ann Bell took this case" in page
        assert "Somebody got there first" not in page

    @pytest.mark.parametrize(
        ("said", "expected"),
        [("/queue/mine/?status=open", "/queue/mine/?status=open"), ("//evil.example", "/"),
         ("/queue/mine/\r\nX: y", "/"), ("/people/", "/"), ("", "/queue/unassigned/")],
    )  # fmt: skip
    def test_who_passes_a_case_on_is_back_in_the_queue_they_came_from(self, case, ben, said, expected):
        DepartmentFactory(name="Billing", slug="billing")
        client = signed_in(ben)
        client.get("/queue/unassigned/")
        posted = client.post(
            reverse("inbox:hand_over", args=[case.pk]), {"department": "billing", "reason": "A charge"},
            **HTMX, headers={"Horseshoe-Queue": said} if said else {},
        )  # fmt: skip
        assert posted["HX-Redirect"] == expected
