"""An act on many cases does to each what its single verb does, and its undo leaves nothing but history."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Leave, Role, User
from inbox.bulk import acts, work
from inbox.cases import priorities, tags, verbs
from inbox.cases.snoozing import Snooze, snooze_case
from inbox.changes.change import change_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import (
    BulkItem,
    BulkItemState,
    BulkState,
    BulkVerb,
    Case,
    CaseCount,
    CaseEvent,
    Custody,
    Status,
    Visibility,
    Watch,
)
from inbox.notices.watches import set_watching
from routing.models import Priority, RoutingExample
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


class Company:
    """Departments, people, and two copies of each kind of case."""

    def __init__(self):
        self.now = timezone.now()
        self.brand = BrandAccountFactory()
        self.service, self.billing = (
            DepartmentFactory(name="Service"),
            DepartmentFactory(name="Billing", tags=["invoice"]),
        )
        self.people = {
            role: UserFactory(
                role=role, departments=[self.service], publishes=[self.brand], first_name=str(role)
            )
            for role in (Role.MANAGER, Role.COMMUNITY, Role.AGENT, Role.ANALYST)
        }
        self.ben = UserFactory(departments=[self.service, self.billing], publishes=[self.brand])
        self.away = UserFactory(departments=[self.service])
        today = self.now.date()
        Leave.objects.create(
            user=self.away, starts_on=today - dt.timedelta(2), ends_on=today + dt.timedelta(2)
        )
        self.pairs = {kind: (self.build(kind), self.build(kind)) for kind in KINDS}
        self.ids = sorted(pair[1].pk for pair in self.pairs.values())

    def build(self, kind):
        values = dict(KINDS[kind])
        began = self.now - dt.timedelta(hours=2)
        values["department"] = self.billing if values.pop("elsewhere", False) else self.service
        mine, returned = values.pop("mine", None), values.pop("returned", False)
        if mine is not None:
            values["assignee"] = self.people[mine] if mine else self.ben
        identity = IdentityFactory(name=f"The {kind} one", handle=kind.replace(" ", "_"))
        case = CaseFactory(
            brand_account=self.brand, identity=identity, created_at=began, thread_id=kind, **values
        )
        if returned:
            Custody.objects.filter(case=case).update(left_at=began + dt.timedelta(hours=1))
            for department, since, until in ((self.billing, 1, 2), (self.service, 2, None)):
                Custody.objects.create(
                    case=case,
                    department=department,
                    sent_at=began + dt.timedelta(hours=since - 1, minutes=59),
                    left_at=began + dt.timedelta(hours=until - 1, minutes=59) if until else None,
                )
        MessageFactory(case=case, network_time=began, received_at=began)
        if case.is_open and "status" not in values:
            with transaction.atomic(), change_case(case.pk, now=began) as change:
                change.set(priority=1)
        set_watching(case.pk, self.ben, on=True, now=began) if not values.get("visibility") else None
        return Case.objects.get(pk=case.pk)

    def states(self, copy):
        """Everything stored about one copy of each kind: its fields, custodies, events, lessons and watchers."""
        ids = {pair[copy].pk: kind for kind, pair in self.pairs.items()}
        found = {kind: {"custodies": [], "events": [], "taught": [], "watchers": []} for kind in self.pairs}
        for row in Case.objects.filter(pk__in=ids).values():
            found[ids[row["id"]]]["fields"] = without(row, "id", "customer_id", "identity_id")
        for row in Custody.objects.filter(case__in=ids).order_by("sent_at", "id").values():
            found[ids[row["case_id"]]]["custodies"].append(without(row, "id", "case_id", "written_at"))
        for row in CaseEvent.objects.filter(case__in=ids).order_by("id").values():
            found[ids[row["case_id"]]]["events"].append(without(row, "id", "case_id"))
        for row in RoutingExample.objects.filter(case_id__in=ids).values("case_id", "department", "source"):
            found[ids[row["case_id"]]]["taught"].append((row["department"], row["source"]))
        for row in Watch.objects.filter(case__in=ids).order_by("user_id").values("case_id", "user_id", "off"):
            found[ids[row["case_id"]]]["watchers"].append((row["user_id"], row["off"]))
        return found


def without(row, *names):
    return {key: value for key, value in row.items() if key not in names}


CLOSED = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
KINDS = {
    "new": {},
    "snoozed": {"snoozed_since": CLOSED, "snoozed_for": "customer", "snoozed_until": None},
    "unsent": {"unsent": "failed", "unsent_since": CLOSED},
    "waiting": {"status": Status.WAITING, "waiting_since": None, "last_outbound_at": CLOSED},
    "mine": {"status": Status.OPEN, "mine": Role.AGENT},
    "colleague's": {"status": Status.OPEN, "mine": ""},
    "direct": {"visibility": Visibility.DIRECT},
    "tagged": {"tags": ["parcel", "late"]},
    "taught": {"tags": ["invoice"]},
    "full": {"tags": [f"t{number}" for number in range(20)]},
    "elsewhere": {"elsewhere": True},
    "returned": {"returned": True},
    "resolved": {"status": Status.RESOLVED, "closed_at": CLOSED, "waiting_since": None},
    "dismissed": {"status": Status.DISMISSED, "closed_at": CLOSED, "close_reason": "Spam", "waiting_since": None},
    "merged": {"status": Status.DISMISSED, "closed_at": CLOSED, "close_reason": "Merged into case 7", "waiting_since": None},
}  # fmt: skip


@pytest.fixture
def company():
    return Company()


def single_acts(company, by):
    """Each act: its verb, its details, and the single verb on one case."""
    now, manages = company.now, by.role != Role.AGENT
    later = now + dt.timedelta(days=2)

    def tag(case, change):
        old = Case.objects.get(pk=case.pk).tags
        return tags.tag_case(case.pk, by, ", ".join(change(old)), now=now)

    return {
        "take": (BulkVerb.TAKE, {}, lambda case: verbs.assign_case(case.pk, by, by, now=now) if manages else verbs.claim_case(case.pk, by, now=now)),
        "give": (BulkVerb.ASSIGN, {"assignee_id": company.ben.pk}, lambda case: verbs.assign_case(case.pk, by, company.ben, now=now)),
        "give to nobody": (BulkVerb.ASSIGN, {"assignee_id": None}, lambda case: verbs.assign_case(case.pk, by, None, now=now)),
        "give to somebody on leave": (BulkVerb.ASSIGN, {"assignee_id": company.away.pk}, lambda case: verbs.assign_case(case.pk, by, company.away, now=now)),
        "hand over": (BulkVerb.HAND_OVER, {"department_id": company.billing.pk, "reason": "About money"}, lambda case: verbs.hand_over_case(case.pk, by, company.billing, "About money", now=now)),
        "resolve": (BulkVerb.RESOLVE, {}, lambda case: verbs.resolve_case(case.pk, by, now=now)),
        "dismiss": (BulkVerb.DISMISS, {"reason": "Spam"}, lambda case: verbs.dismiss_case(case.pk, by, "Spam", now=now)),
        "tag": (BulkVerb.TAG, {"tag": "late"}, lambda case: tag(case, lambda old: old if "late" in old else [*old, "late"])),
        "tag that names a department": (BulkVerb.TAG, {"tag": "invoice"}, lambda case: tag(case, lambda old: old if "invoice" in old else [*old, "invoice"])),
        "untag": (BulkVerb.UNTAG, {"tag": "parcel"}, lambda case: tag(case, lambda old: [one for one in old if one != "parcel"])),
        "snooze": (BulkVerb.SNOOZE, {"waits_for": "time", "until": later.isoformat()}, lambda case: snooze_case(case.pk, by, Snooze(until=later), now=now)),
        "prioritise": (BulkVerb.PRIORITISE, {"priority": 2}, lambda case: priorities.prioritise_case(case.pk, by, Priority.URGENT, now=now)),
    }  # fmt: skip


@contextlib.contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def perform_single(verb, case):
    """The refusal in words, None for what was done or was so already."""
    try:
        with transaction.atomic():
            verb(case)
    except Case.DoesNotExist:
        return work.NOT_YOURS
    except (Conflict, Invalid, NotAllowed) as error:
        return str(error)
    return None


def counts():
    rows = CaseCount.objects.values_list(
        "department_id", "brand_account_id", "visibility", "assignee_id", "delta"
    )
    summed = {}
    for *key, delta in rows:
        summed[tuple(key)] = summed.get(tuple(key), 0) + delta
    return {key: value for key, value in summed.items() if value}


def fresh(user):
    return User.objects.get(pk=user.pk)


@pytest.mark.slow
def test_an_act_on_many_cases_is_the_single_verb_on_each_and_its_undo_leaves_them_as_they_were(company):
    before, compared = company.states(1), 0
    for role, some in ((Role.MANAGER, None), (Role.AGENT, ("take", "give", "hand over"))):
        by = fresh(company.people[role])
        for name, act in single_acts(company, by).items():
            if some is None or name in some:
                with rolled_back():
                    compared += compare_act(company, by, act, before, f"{name} as {role}")
    assert compared > 60


def compare_act(company, by, act, before, where):
    """Do to one copy of each case the single verb, to the other the act, then undo it; return how many changed."""
    (verb, details, single), counted = act, counts()
    refusals = {kind: perform_single(single, pair[0]) for kind, pair in company.pairs.items()}
    act = acts.begin_act(by, verb, details, acts.Chosen(company.ids), company.now)
    assert not work.work_on_batch(act.pk, company.now)
    items = {item.case_id: item for item in BulkItem.objects.filter(act=act)}
    alone, among = company.states(0), company.states(1)
    for kind, pair in company.pairs.items():
        item, case = items[pair[1].pk], f"{where}: {kind}"
        assert among[kind] == alone[kind], case
        assert (item.state == BulkItemState.DONE) is (before[kind] != among[kind]), (case, item.reason)
        # Of too many tags the single verb says how many they are, the act how many there were.
        if refusals[kind] and not refusals[kind].startswith("21 tags"):
            assert item.reason.partition(" at ")[0] == refusals[kind].partition(" at ")[0], case
    act.refresh_from_db()
    assert (act.found, act.done + act.refused, act.state) == (len(KINDS), len(KINDS), BulkState.DONE)
    assert are_counted_alike(counts(), counted)
    acts.begin_undo(act, company.now)
    assert not work.work_on_batch(act.pk, company.now)
    act.refresh_from_db()
    assert (act.undone, act.kept, act.state) == (act.done, 0, BulkState.UNDONE), where
    for kind, state in company.states(1).items():
        assert undone(state) == undone(before[kind]), f"undo of {where}: {kind}"
    return act.done


def are_counted_alike(after, before):
    """Both copies of a case were counted alike: each difference is even."""
    keys = set(after) | set(before)
    return all((after.get(key, 0) - before.get(key, 0)) % 2 == 0 for key in keys)


def undone(state):
    """A state without what an undo leaves: events, and the version."""
    return {
        **state,
        "events": [],
        "fields": {name: value for name, value in state["fields"].items() if name != "version"},
    }
