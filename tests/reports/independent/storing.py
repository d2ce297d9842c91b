"""Store the tales of `company` as the product would have: whole tables at once."""

from __future__ import annotations

import datetime as dt
import random
import uuid

from django.db import connection

from accounts.models import BrandAccountGrant, Department, Role, Shift
from inbox.models import Case, CaseEvent, Custody, Customer, Decision, Identity, Message, Reply, ReplyState
from routing.models import Calendar, CalendarVersion, SLAPolicy
from routing.service_levels.versions import publish_service_levels
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.reports.independent.company import DAY, DEPARTMENTS, HOUR, NETWORKS, ZONES, Tale, invent_company

BATCH = 5000
WEEK = [[[540, 750], [810, 1080]]] * 4 + [[[540, 960]], [], []]
#: Later hours: also on Saturdays, and over midnight on Fridays.
LATER = [[[600, 1110]]] * 4 + [[[600, 1110], [1320, 1560]], [[600, 840]], []]
CHANGED = NOW - 100 * DAY


def _time(minutes: int) -> dt.time:
    return dt.time(minutes // 60 % 24, minutes % 60)


class Company:
    """Departments, accounts, people and service levels, and a year of cases."""

    def __init__(self, seed: int, size: int):
        self.departments = [DepartmentFactory(slug=slug, name=slug.title()) for slug in DEPARTMENTS]
        Department.objects.exclude(pk__in=[each.pk for each in self.departments]).delete()
        self.brands = [
            BrandAccountFactory(
                network=network, promised_response=(4 + 8 * n) * HOUR, time_zone=ZONES[n % len(ZONES)]
            )
            for n, network in enumerate(NETWORKS)
        ]
        self.agents = [UserFactory(departments=[self.departments[1 + n % 5]], capacity=9) for n in range(10)]
        self._write_service_levels()
        self._write_roster(random.Random(seed))
        agents = {department: [n for n in range(10) if 1 + n % 5 == department] for department in range(1, 6)}
        self.tales = invent_company(seed, size, agents)
        self._store(random.Random(seed))
        self._analyze()

    def _analyze(self) -> None:
        """Give Postgres statistics: without them it takes the new tables for empty ones, and joins row by row."""
        tables = (
            "inbox_case",
            "inbox_message",
            "inbox_custody",
            "inbox_caseevent",
            "inbox_decision",
            "inbox_reply",
        )
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}, inbox_identity, inbox_customer")

    def readers(self) -> dict[str, object]:
        """Return the people who look: what each may read differs."""
        some = self.departments
        community = UserFactory(role=Role.COMMUNITY, departments=some[4:5])
        for brand in self.brands[:3]:
            BrandAccountGrant.objects.create(user=community, brand_account=brand)
        return {
            "manager": UserFactory(role=Role.MANAGER, departments=some[1:3]),
            "agent": self.agents[0],
            "analyst": UserFactory(role=Role.ANALYST, departments=some[1:5]),
            "administrator": UserFactory(role=Role.ADMINISTRATOR),
            "community manager": community,
        }

    def _write_service_levels(self) -> None:
        for place, zone in enumerate(ZONES):
            calendar = Calendar.objects.create(name=zone)
            for number, (week, since) in enumerate(((WEEK, None), (LATER, CHANGED)), 1):
                content = {"time_zone": zone, "week": week, "closed": ["2026-05-01"], "special": {"2026-03-29": [[60, 240]], "2026-10-25": [[60, 240]]}}  # fmt: skip
                CalendarVersion.objects.create(
                    calendar=calendar, number=number, content=content, in_force_from=since, created_at=NOW
                )
            narrowed = [
                {"network": "x", "department": self.departments[2]}, {"priority": 2}, {"network": "facebook"},
                {"department": self.departments[3]},
            ][place]  # fmt: skip
            SLAPolicy.objects.create(
                key=uuid.uuid4(),
                position=place,
                name=zone,
                calendar=calendar,
                resolution_minutes=2880,
                **narrowed,
            )
        publish_service_levels(None, "", NOW)

    def _write_roster(self, dice: random.Random) -> None:
        """Put people on point: some weekly, some until summer, some over midnight, and on one day nobody."""
        shifts = []
        for brand in self.brands[:4]:
            for weekday in dice.sample(range(7), 4):
                opens, hours = dice.choice((480, 555, 1320)), dice.choice((4, 7))
                shifts.append(
                    Shift(
                        brand_account=brand, weekday=weekday, primary=dice.choice(self.agents), starts_at=_time(opens),
                        ends_at=_time(opens + 60 * hours), valid_until=dice.choice((None, None, dt.date(2026, 6, 30))),
                    )
                )  # fmt: skip
        shifts += [
            Shift(brand_account=brand, date=date, starts_at=_time(0), ends_at=_time(1200))
            for brand, date in zip(self.brands, (dt.date(2026, 11, 18), dt.date(2026, 10, 28)), strict=False)
        ]
        Shift.objects.bulk_create(shifts)

    def _store(self, dice: random.Random) -> None:
        customers = max(tale.customer for tale in self.tales) + 1
        people = Customer.objects.bulk_create(
            (Customer(name=f"Customer {n}", created_at=NOW) for n in range(customers)), BATCH
        )
        self.identities = {
            (identity.customer_id, identity.network): identity
            for network in dict.fromkeys(NETWORKS)
            for identity in Identity.objects.bulk_create(
                (
                    Identity(network=network, remote_id=f"i{person.pk}", customer=person, handle=f"h{person.pk}", seen_at=NOW)
                    for person in people
                ),
                BATCH,
            )
        }  # fmt: skip
        self.people = people
        cases = Case.objects.bulk_create([self._case(tale) for tale in self.tales], BATCH)
        self.case_of = {id(tale): case for tale, case in zip(self.tales, cases, strict=True)}
        Case.objects.bulk_update(
            [self._name_merge(tale) for tale in self.tales if tale.merged], ["close_reason"], BATCH
        )
        self._store_messages(dice)
        Custody.objects.bulk_create(
            (
                Custody(
                    case=self.case_of[id(tale)], department=self.departments[held.department], sent_at=held.sent,
                    from_department=None if held.came_from is None else self.departments[held.came_from],
                    accepted_at=held.accepted, left_at=held.left, routed=held.routed,
                )
                for tale in self.tales for held in tale.held
            ),
            BATCH,
        )  # fmt: skip
        CaseEvent.objects.bulk_create(
            (
                CaseEvent(
                    case=self.case_of[id(tale)], at=event.at, verb=event.verb,
                    actor=None if event.actor is None else self.agents[event.actor],
                    data=({"clocks": event.clocks} if event.clocks else {}) | ({"what": event.what} if event.what else {}),
                )
                for tale in self.tales for event in tale.happened
            ),
            BATCH,
        )  # fmt: skip

    def _waiting_since(self, tale: Tale, live: list) -> dt.datetime | None:
        """Return when the first message that waits for an answer reached us; None in closed cases."""
        answered = max((said.written for said in tale.said if said.ours), default=None)
        waiting = [
            said.received
            for said in live
            if said.wants and not said.ours and (answered is None or said.written > answered)
        ]
        return min(waiting, default=None) if tale.closed is None else None

    def _name_merge(self, tale: Tale) -> Case:
        case = self.case_of[id(tale)]
        case.close_reason = f"Merged into case {self.case_of[id(tale.merged)].pk}"
        return case

    def _case(self, tale: Tale) -> Case:
        brand, person = self.brands[tale.brand], self.people[tale.customer]
        inbound = [said.written for said in tale.said if not said.ours]
        ours = [said.written for said in tale.said if said.ours]
        answers = [said.written for said in tale.said if said.ours and not said.historical]
        live = [said for said in tale.said if not said.historical]
        asked = [said.written for said in live if not said.ours]
        answers = [at for at in answers if asked and at >= min(asked)]
        last = max(inbound, default=tale.created)
        return Case(
            customer=person, identity=self.identities[person.pk, brand.network], brand_account=brand,
            network=brand.network, visibility="direct" if tale.direct else "public", status=tale.status,
            department=self.departments[tale.held[-1].department], closed_at=tale.closed, close_reason=tale.reason,
            assignee=None if tale.assignee is None else self.agents[tale.assignee], priority=tale.priority,
            tags=tale.tags, historical=bool(tale.said) and tale.historical, created_at=tale.created,
            needs_answer=any(said.wants for said in tale.said), opened_at=min(inbound, default=tale.created),
            activity_at=last, last_inbound_at=last, last_outbound_at=max(ours, default=None),
            exchange_from=self._waiting_since(tale, live), first_response_at=min(answers, default=None), first_resolved_at=tale.first_resolved, reopen_count=tale.reopened, message_count=len(tale.said),
            first_response_due_at=tale.due.get("first_response"), next_response_due_at=tale.due.get("next_response"),
            resolution_due_at=tale.due.get("resolution"), erased_at=NOW if tale.erased and tale.closed else None,
        )  # fmt: skip

    def _store_messages(self, dice: random.Random) -> None:
        written = [(tale, n, said) for tale in self.tales for n, said in enumerate(tale.said)]
        messages = Message.objects.bulk_create(
            (self._message(tale, n, said) for tale, n, said in written), BATCH
        )
        decisions, replies = [], []
        question = None
        for (tale, _n, said), message in zip(written, messages, strict=True):
            if not said.ours:
                question = message
                if not said.historical:
                    decisions.append(self._decision(tale, message, dice))
            elif said.author is not None:
                replies.append(
                    Reply(
                        case=message.case, parent=question, brand_account=message.brand_account,
                        author=self.agents[said.author], composer_id=uuid.uuid4(), text="Thanks.", state=ReplyState.SENT,
                        visibility=message.visibility, created_at=said.queued, send_after=said.queued,
                        sent_at=said.written, remote_id=message.canonical_id,
                    )
                )  # fmt: skip
        Decision.objects.bulk_create(decisions, BATCH)
        Reply.objects.bulk_create(replies, BATCH)

    def _message(self, tale: Tale, n: int, said) -> Message:
        case = self.case_of[id(tale)]
        return Message(
            brand_account=case.brand_account, case=case, stream="mentions", canonical_id=f"{case.pk}-{n}",
            remote_id=f"{case.pk}-{n}", direction="out" if said.ours else "in", visibility=case.visibility,
            identity=None if said.ours else case.identity, text="" if tale.erased else said.text,
            sentiment=said.tone, urgency=said.urgency, said=said.says,
            user=None if said.author is None else self.agents[said.author], network_time=said.written,
            received_at=said.received, needs_answer=said.wants, historical=said.historical, language=said.language,
            erased_at=NOW if tale.erased else None,
        )  # fmt: skip

    def _decision(self, tale: Tale, message: Message, dice: random.Random) -> Decision:
        is_rule = tale.decided_by == "rule"
        return Decision(
            message=message, case=message.case, department=self.departments[tale.held[0].department],
            decided_by=tale.decided_by, rule_key=f"rule-{tale.rule}" if is_rule else "",
            rule_name=f"Rule {tale.rule}{dice.choice(('', ' (new)'))}" if is_rule else "", version=1, at=message.received_at,
        )  # fmt: skip
