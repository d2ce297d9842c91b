"""Random histories of cases with all that ever went wrong in a report, and what the numbers must be.

The right numbers are counted here from the stories, in plain Python, without the product's code and without its rows.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Role
from inbox.models import Case, CaseEvent, Custody, Customer, Identity, Message
from tests.factories import NOW

ZONE = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
SPAM = "spam"
#: Midnights of local Mondays: after both clock changes, at new year, and an ordinary one.
EDGES = [
    dt.datetime(*day, tzinfo=ZONE).astimezone(dt.UTC)
    for day in ((2025, 12, 29), (2026, 3, 30), (2026, 10, 26), (2026, 11, 16), (2026, 8, 3))
]
NOISE = ("Noise", "Spam", "Noise, says the rule “Raffles”", "Noise (rule “Raffles”)")


@dataclass
class Said:
    ours: bool
    written: dt.datetime
    received: dt.datetime
    wants: bool = False
    historical: bool = False
    tone: str = ""
    urgency: int = 0
    says: str = ""


@dataclass
class Held:
    department: int
    came_from: int | None
    sent: dt.datetime
    accepted: dt.datetime | None = None
    left: dt.datetime | None = None
    routed: bool = False


@dataclass
class Story:
    """One case; departments and brand accounts are numbers."""

    brand: int
    direct: bool
    said: list[Said] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    closed: dt.datetime | None = None
    status: str = "open"
    reason: str = ""
    #: Records of ended clocks, oldest first: (clock, which one, met).
    ended: list[tuple[str, int, bool]] = field(default_factory=list)
    #: When the clocks are due that run while the case is open.
    due: dict[str, dt.datetime] = field(default_factory=dict)

    @property
    def live(self) -> list[Said]:
        return [one for one in self.said if not one.historical]

    @property
    def historical(self) -> bool:
        return all(one.historical for one in self.said if not one.ours)

    @property
    def department(self) -> int:
        return self.held[-1].department

    @property
    def needs_answer(self) -> bool:
        return any(one.wants for one in self.said)

    @property
    def created(self) -> dt.datetime:
        asked = [
            one.received for one in self.said if not one.ours and (self.historical or not one.historical)
        ]
        return min(asked)

    @property
    def first_response(self) -> dt.datetime | None:
        asked = [one.written for one in self.live if not one.ours]
        answers = [one.written for one in self.live if one.ours and asked and one.written >= min(asked)]
        return min(answers, default=None)

    @property
    def is_noise(self) -> bool:
        return self.status == "dismissed" and self.reason in NOISE


def invent(dice: random.Random, departments: int, brands: int) -> Story:
    """Tell one story. Department 0 is the spam queue."""
    story = Story(dice.randrange(brands), dice.random() < 0.25)
    at = _moment(dice)
    if dice.random() < 0.15:
        at = _tell_history(story, dice, at)
    if not story.said or dice.random() < 0.6:
        for _ in range(dice.choice((1, 1, 2, 3))):
            at = _tell_exchange(story, dice, at)
    _hand_around(story, dice, departments)
    _close(story, dice)
    _run_clocks(story, dice)
    return story


def _moment(dice: random.Random) -> dt.datetime:
    """Return any moment of the year, often just beside the edge of a week."""
    if dice.random() < 0.3:
        return dice.choice(EDGES) + dice.uniform(-90, 90) * MINUTE
    return NOW - dice.uniform(0.2, 365) * DAY


def _tell_history(story: Story, dice: random.Random, at: dt.datetime) -> dt.datetime:
    fetched = at + dice.uniform(1, 20) * DAY
    for _ in range(dice.choice((1, 2))):
        story.said.append(Said(False, at, fetched, wants=True, historical=True))
        at += dice.uniform(1, 300) * MINUTE
    if dice.random() < 0.5:
        story.said.append(Said(True, at, fetched, historical=dice.random() < 0.5))
    return max(fetched, at) + dice.uniform(0.1, 40) * HOUR


def _tell_exchange(story: Story, dice: random.Random, at: dt.datetime) -> dt.datetime:
    late = dice.uniform(1, 60) * HOUR if dice.random() < 0.2 else dice.uniform(0.1, 2) * MINUTE
    for _ in range(dice.choice((1, 1, 2))):
        story.said.append(Said(False, at, at + late, wants=dice.random() < 0.85))
        at += dice.uniform(0.1, 50) * MINUTE
    if dice.random() < 0.7:
        learned = dice.choice((dt.timedelta(), dice.uniform(1, 50) * HOUR))
        story.said.append(Said(True, at, at + learned))
        at += dice.uniform(0.1, 90) * HOUR
        if dice.random() < 0.2:
            story.said.append(Said(True, at, at))
            at += MINUTE
    return at + dice.uniform(0.1, 5) * DAY


def _hand_around(story: Story, dice: random.Random, departments: int) -> None:
    at, here = story.created, dice.randrange(departments)
    story.held.append(Held(here, None, at, at))
    for step in range(dice.choice((0, 0, 1, 1, 2, 4))):
        at += dice.uniform(0.01, 60) * HOUR
        if at > NOW:
            break
        came_from, here = here, dice.choice([one for one in range(departments) if one != here])
        story.held[-1].left = at
        story.held.append(Held(here, came_from, at, routed=step == 0 and dice.random() < 0.3))
    for held in story.held[1:]:
        accepted = held.sent + dice.uniform(0.01, 9) * HOUR
        if accepted < (held.left or NOW) and dice.random() < 0.6:
            held.accepted = accepted


def _close(story: Story, dice: random.Random) -> None:
    if dice.random() < 0.45:
        return
    begun = max([held.accepted or held.sent for held in story.held] + [one.received for one in story.said])
    story.status = dice.choice(("resolved", "resolved", "dismissed"))
    story.reason = dice.choice((*NOISE, "Duplicate", "Duplicate")) if story.status == "dismissed" else ""
    story.closed = story.held[-1].left = min(begun + dice.uniform(0, 3) * HOUR, NOW)


def _run_clocks(story: Story, dice: random.Random) -> None:
    if story.historical or dice.random() < 0.2:
        return
    if story.first_response:
        story.ended.append(("first_response", 0, dice.random() < 0.7))
    elif dice.random() < 0.5:
        story.due["first_response"] = NOW + dice.choice((-1, 1)) * dice.uniform(0.1, 9) * HOUR
    for number in range(1, dice.randrange(4)):
        story.ended.append(("next_response", number, dice.random() < 0.6))
    if dice.random() < 0.3:
        # It was missed when somebody closed the case; then we learned of an answer that was in time.
        story.ended += [("next_response", 9, False), ("next_response", 9, True)]
    if story.status != "dismissed":
        for _ in range(dice.randrange(3)):
            story.ended.append(("resolution", 0, dice.random() < 0.5))
    if dice.random() < 0.4:
        story.due["resolution"] = NOW + dice.choice((-1, 1)) * dice.uniform(0.1, 9) * HOUR


def write_down(stories, departments, brands) -> None:
    """Store the stories as the product would have."""
    # Dice of its own: the stories stay the same.
    mood = random.Random(len(stories))
    for one in (one for story in stories for one in story.said if not one.ours):
        one.tone = mood.choice(("negative", "negative", "neutral", "positive", ""))
        one.urgency, one.says = mood.choice((0, 0, 0, 1)), mood.choice(("", "thanks", "fixed", "complains"))
    people = Customer.objects.bulk_create(Customer(name=f"C{n}", created_at=NOW) for n in range(len(stories)))
    identities = Identity.objects.bulk_create(
        Identity(network="x", remote_id=f"r{one.pk}", customer=one, handle=f"h{one.pk}", seen_at=NOW)
        for one in people
    )
    cases = Case.objects.bulk_create(
        Case(
            customer=identity.customer, identity=identity, brand_account=brands[story.brand],
            network=brands[story.brand].network, visibility="direct" if story.direct else "public",
            status=story.status, department=departments[story.department], closed_at=story.closed,
            close_reason=story.reason, historical=story.historical, needs_answer=story.needs_answer,
            created_at=story.created, opened_at=story.said[0].written, first_response_at=story.first_response,
            last_outbound_at=max((one.written for one in story.live if one.ours), default=None),
            activity_at=max(one.written for one in story.said if not one.ours),
            first_response_due_at=story.due.get("first_response"), resolution_due_at=story.due.get("resolution"),
        )
        for story, identity in zip(stories, identities, strict=True)
    )  # fmt: skip
    told = list(zip(stories, cases, strict=True))
    Message.objects.bulk_create(
        Message(
            brand_account=case.brand_account, case=case, stream="mentions", canonical_id=f"{case.pk}-{n}",
            remote_id=f"{case.pk}-{n}", direction="out" if one.ours else "in", visibility=case.visibility,
            network_time=one.written, received_at=one.received, needs_answer=one.wants, historical=one.historical,
            sentiment=one.tone, urgency=one.urgency, said=one.says,
        )
        for story, case in told for n, one in enumerate(story.said)
    )  # fmt: skip
    Custody.objects.bulk_create(
        Custody(
            case=case, department=departments[one.department], sent_at=one.sent, accepted_at=one.accepted,
            from_department=None if one.came_from is None else departments[one.came_from], left_at=one.left,
            routed=one.routed,
        )
        for story, case in told for one in story.held
    )  # fmt: skip
    CaseEvent.objects.bulk_create(
        CaseEvent(case=case, at=NOW - HOUR, verb="answered", data={"clocks": [_clock_record(*one)]})
        for story, case in told for one in story.ended
    )  # fmt: skip
    with connection.cursor() as cursor:
        # Without statistics Postgres takes the new tables for empty ones, and joins them row by row.
        cursor.execute(
            "ANALYZE inbox_case, inbox_message, inbox_custody, inbox_caseevent, inbox_identity, inbox_customer"
        )


def _clock_record(clock: str, number: int, met: bool) -> dict[str, object]:
    began = {} if clock == "resolution" else {"from": (NOW - 30 * DAY + number * HOUR).isoformat()}
    return {"clock": clock, "met": met, **began}


@dataclass
class Reader:
    """A person who looks at the numbers; `departments` and `brands` are numbers, as in stories."""

    role: str
    departments: tuple[int, ...] = ()
    brands: tuple[int, ...] = ()

    def reads(self, story: Story) -> bool:
        if self.role == Role.ADMINISTRATOR:
            return not story.direct
        if self.role == Role.COMMUNITY:
            return story.brand in self.brands
        return story.department in self.departments and not (self.role == Role.ANALYST and story.direct)

    def counts_hand_over(self, story: Story, held: Held) -> bool:
        ends = {held.came_from, held.department}
        return self.reads(story) or (self.role == Role.MANAGER and bool(ends & set(self.departments)))


def week_of(at: dt.datetime) -> str:
    year, week, _ = at.astimezone(ZONE).isocalendar()
    return f"{year}-W{week:02d}"


def exchanges_of(story: Story) -> list[tuple[str, bool]]:
    """Return (week of arrival, answered) of each exchange that needs an answer."""
    runs: list[list[Said]] = []
    before_is_theirs = False
    for one in sorted(story.live, key=lambda one: one.written):
        if not one.ours and not before_is_theirs:
            runs.append([])
        if runs:
            runs[-1].append(one)
        before_is_theirs = not one.ours
    found = []
    for run in runs:
        asked = [one for one in run if not one.ours]
        if any(one.wants for one in asked):
            found.append((week_of(min(one.received for one in asked)), len(asked) < len(run)))
    return found


def percentile(spans, share):
    """Return the percentile by nearest rank, None of nothing."""
    return sorted(spans)[math.ceil(share * len(spans)) - 1] if spans else None


class Count:
    """The right numbers of one reader, over the weeks with these keys."""

    def __init__(self, stories, reader: Reader, weeks):
        self.reader, self.weeks = reader, set(weeks)
        self.counted = [one for one in stories if not (one.historical or one.is_noise or one.department == 0)]
        self.read = [one for one in self.counted if reader.reads(one)]
        self.new = [one for one in self.read if week_of(one.created) in self.weeks]

    def rate_by_week(self):
        needing, answered = Counter(), Counter()
        for story in self.read:
            for week, is_answered in exchanges_of(story):
                needing[week] += 1
                answered[week] += is_answered
        return {week: (needing[week], answered[week]) for week in self.weeks}

    def first_response(self):
        """Return answered, open, closed, median, p90, oldest, median age."""
        asking = [one for one in self.new if one.needs_answer]
        took = []
        for story in asking:
            answer = story.first_response
            if answer is not None:
                asked = min(one.written for one in story.live if not one.ours)
                took.append(answer - (story.created if answer >= story.created else asked))
        ages = [NOW - one.created for one in asking if one.first_response is None and not one.closed]
        closed = sum(one.first_response is None and one.closed is not None for one in asking)
        return (
            len(took), len(ages), closed, percentile(took, 0.5), percentile(took, 0.9), max(ages, default=None),
            percentile(ages, 0.5),
        )  # fmt: skip

    def volume(self):
        return Counter((one.department, one.brand) for one in self.new)

    def hand_overs(self):
        """Return by pair: count, accepted, waiting, median wait, p90, median custody, came back."""
        waits, kept, numbers = {}, {}, {}
        for story in self.counted:
            for place, held in enumerate(story.held):
                if held.came_from is None or held.routed or week_of(held.sent) not in self.weeks:
                    continue
                if not self.reader.counts_hand_over(story, held):
                    continue
                pair = (held.came_from, held.department)
                waits.setdefault(pair, []).append((held.accepted or held.left or NOW) - held.sent)
                kept.setdefault(pair, []).append((held.left or NOW) - held.sent)
                line = numbers.setdefault(pair, [0, 0, 0, 0])
                line[0] += 1
                line[1] += held.accepted is not None
                line[2] += held.accepted is None and held.left is None
                moved_on = {one.sent for one in story.held if one.routed}
                line[3] += any(
                    one.department == held.department and one.left not in moved_on
                    for one in story.held[:place]
                )
        return {
            pair: (
                *line[:3], percentile(waits[pair], 0.5), percentile(waits[pair], 0.9), percentile(kept[pair], 0.5),
                line[3],
            )
            for pair, line in numbers.items()
        }  # fmt: skip

    def routed(self):
        moves = [
            (story, held)
            for story in self.counted
            for held in story.held
            if held.routed and week_of(held.sent) in self.weeks
        ]
        return sum(self.reader.counts_hand_over(story, held) for story, held in moves)

    def attainment(self):
        """Return by clock: met, missed, of these still running, running in time."""
        found = {clock: [0, 0, 0, 0] for clock in ("first_response", "next_response", "resolution")}
        for story in self.new:
            newest = {(clock, number): met for clock, number, met in story.ended}
            for (clock, _), met in newest.items():
                if clock != "resolution" or story.closed:
                    found[clock][0 if met else 1] += 1
            for clock, due in ({} if story.closed else story.due).items():
                late = due < NOW
                found[clock][1] += late
                found[clock][2] += late
                found[clock][3] += not late
        return {clock: tuple(line) for clock, line in found.items()}
