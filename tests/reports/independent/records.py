"""The rows of a company as plain records, read from CSV, and what follows from them for each case. Definitions: docs/metrics.md.

Only the standard library: nothing of the product is imported here, nor in the modules that count from these records.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

SECONDS = {"day": 86400, "days": 86400}
NOISE = re.compile("Noise$|Spam$|Noise, says |Noise \\(rule |Merged into case ")


def moment(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def interval(text: str) -> dt.timedelta:
    days = re.search("([0-9]+) days?", text)
    clock = re.search("([0-9]+):([0-9]+):([0-9.]+)", text)
    span = dt.timedelta(days=int(days[1]) if days else 0)
    return span + (
        dt.timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=float(clock[3])) if clock else dt.timedelta()
    )  # fmt: skip


@dataclass
class Message:
    id: int
    ours: bool
    written: dt.datetime
    received: dt.datetime
    wants: bool
    historical: bool
    public: bool
    language: str
    author: int
    remote: str
    text: str = ""
    tone: str = ""
    urgency: int = 0
    says: str = ""


@dataclass
class Custody:
    id: int
    department: int
    origin: int
    sent: dt.datetime
    accepted: dt.datetime | None
    left: dt.datetime | None
    routed: bool


@dataclass
class Exchange:
    """A run of a customer's messages until our answer; `answer` is the message that ended it."""

    case: Case
    number: int
    arrived: dt.datetime
    asked: dt.datetime
    answer: Message | None

    @property
    def span(self) -> dt.timedelta | None:
        if self.answer is None:
            return None
        at = self.answer.written
        return at - self.arrived if at >= self.arrived else max(at - self.asked, dt.timedelta())


@dataclass
class Case:
    """One case with its rows, in order."""

    id: int
    customer: int
    brand: int
    network: str
    public: bool
    status: str
    reason: str
    department: int
    slug: str
    assignee: int
    priority: int
    tags: list[str]
    historical: bool
    created: dt.datetime
    closed: dt.datetime | None
    due: dict[str, dt.datetime | None]
    messages: list[Message] = field(default_factory=list)
    custodies: list[Custody] = field(default_factory=list)
    #: (id of the event, at, actor, record) of each ended clock.
    clocks: list[tuple[int, dt.datetime, int, dict]] = field(default_factory=list)
    #: (at, verb, actor, what was undone) of each event.
    events: list[tuple[dt.datetime, str, int, str]] = field(default_factory=list)
    #: (id, what decided, key of the rule, its name, department) of each decision.
    decisions: list[tuple[int, str, str, str, int]] = field(default_factory=list)
    #: When an answer was queued, by its id on the network.
    queued: dict[str, dt.datetime] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether reports count it at all."""
        is_noise = self.status == "dismissed" and NOISE.match(self.reason)
        return not self.historical and self.slug != "spam" and not is_noise

    @cached_property
    def live(self) -> list[Message]:
        return [message for message in self.messages if not message.historical]

    @cached_property
    def needs_answer(self) -> bool:
        return any(message.wants for message in self.messages if not message.ours)

    @cached_property
    def languages(self) -> set[str]:
        return {message.language for message in self.messages if not message.ours}

    @cached_property
    def first_response(self) -> dt.timedelta | None:
        """How long the first response took; None without one."""
        asked = min((message.written for message in self.live if not message.ours), default=None)
        if asked is None:
            return None
        answers = [message.written for message in self.live if message.ours and message.written >= asked]
        if not answers:
            return None
        at = min(answers)
        return at - self.created if at >= self.created else max(at - asked, dt.timedelta())

    @cached_property
    def exchanges(self) -> list[Exchange]:
        runs: list[list[Message]] = []
        is_theirs = False
        for message in self.live:
            if not message.ours and not is_theirs:
                runs.append([])
            if runs:
                runs[-1].append(message)
            is_theirs = not message.ours
        exchanges = []
        for number, run in enumerate(runs, 1):
            asked = [message for message in run if not message.ours]
            if any(message.wants for message in asked):
                answer = next((message for message in run if message.ours), None)
                arrived = min(message.received for message in asked)
                exchanges.append(Exchange(self, number, arrived, asked[0].written, answer))
        return exchanges

    @cached_property
    def waits_since(self) -> dt.datetime | None:
        """When the first message that waits for an answer now reached us; None when none does."""
        if self.closed is not None:
            return None
        answered = max((message.written for message in self.messages if message.ours), default=None)
        wanted = [
            message.received for message in self.live
            if message.wants and not message.ours and (answered is None or message.written > answered)
        ]  # fmt: skip
        return min(wanted, default=None)

    @property
    def response_due(self) -> dt.datetime | None:
        """When the answer that is waited for is due; None without a target."""
        first = self.due["first_response"] if self.first_response is None else None
        return self.due["next_response"] or first

    @cached_property
    def newest_clocks(self) -> list[tuple[int, dt.datetime, int, dict]]:
        """Of the records of one target the newest; none that was undone."""
        newest: dict[tuple, tuple[int, dt.datetime, int, dict]] = {}
        for ended in self.clocks:
            newest[ended[3]["clock"], ended[3].get("from")] = ended
        return [ended for ended in newest.values() if ended[3]["met"] is not None]

    @cached_property
    def first_resolved(self) -> dt.datetime | None:
        """When it was first resolved; what was undone at once is none."""
        return next((at for at, _, _ in self.resolvings), None)

    @cached_property
    def resolvings(self) -> list[tuple[dt.datetime, set[int], bool]]:
        """When it was resolved, whose work that was, and whether it was opened again; none that was undone at once."""
        life = [each for each in self.events if each[1] in ("resolved", "reopened") or each[3] == "resolved"]
        opened = dt.datetime.min.replace(tzinfo=dt.UTC)
        resolvings = []
        for place, (at, verb, actor, _) in enumerate(life):
            until, after = (life[place + 1][0], life[place + 1][1]) if place + 1 < len(life) else (None, "")
            if verb == "reopened":
                opened = at
            elif verb == "resolved" and after != "undone":
                wrote = {
                    message.author for message in self.live
                    if message.ours and message.received > opened and (until is None or message.received < until)
                }  # fmt: skip
                resolvings.append((at, {actor, *wrote} - {0}, after == "reopened"))
        return resolvings

    @property
    def was_reopened(self) -> bool:
        return any(event[1] == "reopened" for event in self.events)

    def had_before(self, custody: Custody) -> bool:
        """Whether the department had the case before, for longer than until the router moved it on."""
        moves = {other.sent for other in self.custodies if other.routed}
        return any(
            earlier.department == custody.department and earlier.sent < custody.sent and earlier.left not in moves
            for earlier in self.custodies
        )  # fmt: skip

    @cached_property
    def hand_overs(self) -> list[Custody]:
        return [
            each for each in self.custodies if each.origin not in (0, each.department) and not each.routed
        ]

    @cached_property
    def is_without_closure(self) -> bool:
        if self.first_response is None:
            return self.needs_answer
        public = [message for message in self.live if message.public]
        return self.closed is not None and bool(public) and not public[-1].ours and public[-1].wants


class Records:
    """All tables, by the text that a dump of each is."""

    def __init__(self, dump: dict[str, str]):
        table = {name: list(csv.DictReader(io.StringIO(text))) for name, text in dump.items()}
        self.departments = {
            int(row["id"]): (row["name"], row["slug"]) for row in table["accounts_department"]
        }
        self.brands = {int(row["id"]): row for row in table["accounts_brandaccount"]}
        self.users = {int(row["id"]): row for row in table["accounts_user"]}
        self.promised = max((interval(row["promised_response"]) for row in self.brands.values()), default=dt.timedelta())  # fmt: skip
        self.departments_of = defaultdict(set)
        for row in table["accounts_membership"]:
            self.departments_of[int(row["user_id"])].add(int(row["department_id"]))
        self.brands_of = defaultdict(set)
        for row in table["accounts_brandaccountgrant"]:
            self.brands_of[int(row["user_id"])].add(int(row["brand_account_id"]))
        self.members = defaultdict(set)
        for row in table["accounts_membership"]:
            self.members[int(row["department_id"])].add(int(row["user_id"]))
        self.policies = sorted(
            table["routing_slapolicy"], key=lambda row: (int(row["position"]), int(row["id"]))
        )
        self.calendars = defaultdict(list)
        for row in sorted(table["routing_calendarversion"], key=lambda row: int(row["number"])):
            self.calendars[row["calendar_id"]].append(
                (moment(row["in_force_from"]), json.loads(row["content"]))
            )
        self.shifts = defaultdict(list)
        for row in table["accounts_shift"]:
            self.shifts[int(row["brand_account_id"])].append(row)
        self.by_id = {int(row["id"]): self._case(row) for row in table["inbox_case"]}
        self._add_messages(table["inbox_message"])
        self._add_custodies(table["inbox_custody"])
        for row in sorted(table["inbox_caseevent"], key=lambda row: int(row["id"])):
            event = (
                moment(row["at"]),
                row["verb"],
                int(row["actor_id"] or 0),
                json.loads(row["data"]).get("what", ""),
            )
            self.by_id[int(row["case_id"])].events.append(event)
            for record in json.loads(row["data"]).get("clocks", ()):
                entry = (int(row["id"]), moment(row["at"]), int(row["actor_id"] or 0), record)
                self.by_id[int(row["case_id"])].clocks.append(entry)
        for row in sorted(table["inbox_decision"], key=lambda row: int(row["id"])):
            decision = (
                int(row["id"]),
                row["decided_by"],
                row["rule_key"],
                row["rule_name"],
                int(row["department_id"]),
            )
            self.by_id[int(row["case_id"])].decisions.append(decision)
        for row in table["inbox_reply"]:
            if row["remote_id"]:
                self.by_id[int(row["case_id"])].queued[row["remote_id"]] = moment(row["created_at"])
        self.cases = [case for case in self.by_id.values() if case.counts]
        self.of_customer = defaultdict(list)
        for case in self.by_id.values():
            self.of_customer[case.customer].append(case)

    def _case(self, row: dict[str, str]) -> Case:
        department = int(row["department_id"])
        return Case(
            int(row["id"]), int(row["customer_id"]), int(row["brand_account_id"]), row["network"],
            row["visibility"] == "public", row["status"], row["close_reason"], department,
            self.departments[department][1], int(row["assignee_id"] or 0), int(row["priority"]), json.loads(row["tags"]),
            row["historical"] == "t", moment(row["created_at"]), moment(row["closed_at"]),
            {clock: moment(row[f"{clock}_due_at"]) for clock in ("first_response", "next_response", "resolution")},
        )  # fmt: skip

    def _add_messages(self, rows: list[dict[str, str]]) -> None:
        for row in rows:
            message = Message(
                int(row["id"]), row["direction"] == "out", moment(row["network_time"]), moment(row["received_at"]),
                row["needs_answer"] == "t", row["historical"] == "t", row["visibility"] == "public", row["language"],
                int(row["user_id"] or 0), row["canonical_id"], row["text"], row["sentiment"], int(row["urgency"]), row["said"],
            )  # fmt: skip
            self.by_id[int(row["case_id"])].messages.append(message)
        for case in self.by_id.values():
            case.messages.sort(key=lambda message: (message.written, message.id))

    def _add_custodies(self, rows: list[dict[str, str]]) -> None:
        for row in rows:
            custody = Custody(
                int(row["id"]), int(row["department_id"]), int(row["from_department_id"] or 0), moment(row["sent_at"]),
                moment(row["accepted_at"]), moment(row["left_at"]), row["routed"] == "t",
            )  # fmt: skip
            self.by_id[int(row["case_id"])].custodies.append(custody)
        for case in self.by_id.values():
            case.custodies.sort(key=lambda custody: (custody.sent, custody.id))

    def reader(self, user_id: int) -> Reader:
        return Reader(
            self.users[user_id]["role"], user_id, self.departments_of[user_id], self.brands_of[user_id]
        )


@dataclass
class Reader:
    """A person who looks: a manager, an agent and an analyst read their departments, a community manager their accounts."""

    role: str
    id: int
    departments: set[int]
    brands: set[int]

    def reads(self, case: Case) -> bool:
        if not case.public and self.role in ("administrator", "analyst"):
            return False
        if self.role == "administrator":
            return True
        return case.brand in self.brands if self.role == "community" else case.department in self.departments

    @property
    def managed(self) -> set[int]:
        return self.departments if self.role == "manager" else set()


@dataclass
class Filters:
    """What a case must be now; nothing does not narrow."""

    network: set[str] = field(default_factory=set)
    account: set[int] = field(default_factory=set)
    department: set[int] = field(default_factory=set)
    person: set[int] = field(default_factory=set)
    tag: set[str] = field(default_factory=set)
    language: set[str] = field(default_factory=set)
    priority: set[int] = field(default_factory=set)

    def pass_(self, case: Case) -> bool:
        values = ((self.network, {case.network}), (self.account, {case.brand}), (self.department, {case.department}),
                  (self.person, {case.assignee}), (self.tag, set(case.tags)), (self.priority, {case.priority}))  # fmt: skip
        if not all(not wanted or wanted & has for wanted, has in values):
            return False
        return not self.language or bool(self.language & case.languages)
