"""A random year of a company: its cases with all that ever happens to one, written as the product writes them.

One seed makes one company. Nothing here counts: what the numbers must be is counted from the rows (`records`), elsewhere.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tests.factories import NOW

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
ZONES = ("Pacific/Auckland", "America/New_York", "Europe/Berlin", "Asia/Kolkata")
NETWORKS = ("x", "facebook", "x", "facebook", "x", "facebook")
DEPARTMENTS = ("spam", "service", "billing", "technical", "marketing", "sales")
#: Midnights in each zone beside which much happens: clock changes, new year, and an ordinary week.
EDGES = [
    dt.datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    for zone in ZONES
    for day in ((2025, 12, 29), (2026, 1, 1), (2026, 3, 9), (2026, 3, 30), (2026, 4, 6), (2026, 9, 28), (2026, 10, 26), (2026, 11, 2))
]  # fmt: skip
NOISE = ("Noise", "Spam", "Noise, says the rule “Raffles”", "Noise (rule “Raffles”)")
TAGS = ("refund", "parcel", "outage", "praise")
#: What customers write: each time of the year has one of these more often than others.
TEXTS = (
    "Where is it?", "The parcel is lost again", "My kettle leaks", "Kettle leaks since yesterday!", "Refund still missing",
    "The website crashes at checkout", "Checkout crashes, no refund", "Thank you, the courier was friendly", "Wrong colour, and the lid rattles",
    "Invoice doubled?",
)  # fmt: skip
TONES = ("negative", "negative", "neutral", "positive", "")
#: What a message says of its writer's problem, as far as anybody could read it.
SAYINGS = ("", "", "", "thanks", "fixed", "complains")
#: What a target of each clock promises, in hours by the clock.
TARGETS = {"first_response": 4, "next_response": 8, "resolution": 48}


@dataclass
class Said:
    ours: bool
    written: dt.datetime
    received: dt.datetime
    wants: bool = False
    historical: bool = False
    language: str = "en"
    #: Of our answers through Horseshoe: who wrote it, and when it was queued.
    author: int | None = None
    queued: dt.datetime | None = None
    text: str = ""
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
class Happened:
    at: dt.datetime
    verb: str
    actor: int | None = None
    clocks: list[dict] = field(default_factory=list)
    #: What was undone.
    what: str = ""


@dataclass
class Tale:
    """One case; people, departments, brand accounts and customers are numbers."""

    brand: int
    customer: int
    direct: bool
    priority: int
    tags: list[str]
    said: list[Said] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    status: str = "new"
    reason: str = ""
    closed: dt.datetime | None = None
    reopened: int = 0
    assignee: int | None = None
    due: dict[str, dt.datetime] = field(default_factory=dict)
    decided_by: str = "rule"
    rule: int = 0
    erased: bool = False
    #: The tale into which this one was merged.
    merged: Tale | None = None
    created: dt.datetime = NOW

    @property
    def first_resolved(self) -> dt.datetime | None:
        """When it was first resolved and stayed so for longer than it takes to undo."""
        following = [*(event.verb for event in self.happened), ""][1:]
        pairs = zip(self.happened, following, strict=True)
        return next(
            (event.at for event, after in pairs if event.verb == "resolved" and after != "undone"), None
        )

    @property
    def historical(self) -> bool:
        return all(said.historical for said in self.said if not said.ours)


class Teller:
    """Tells the case of one customer from its arrival on; `agents` are the numbers of those of each department."""

    def __init__(self, dice: random.Random, agents: dict[int, list[int]], customers: int):
        self.dice, self.agents = dice, agents
        self.tale = Tale(
            brand=dice.randrange(len(NETWORKS)), customer=int(customers * dice.random() ** 2), direct=dice.random() < 0.25,
            priority=dice.choice((0, 0, 0, 1, 2)), tags=dice.sample(TAGS, dice.choice((0, 0, 1, 2))),
        )  # fmt: skip
        self.at = self._arrival()
        self.began: dt.datetime | None = None

    def tell(self) -> Tale:
        tale, dice = self.tale, self.dice
        if dice.random() < 0.12:
            self._history()
        goes_on = not tale.said or dice.random() < 0.6
        if goes_on:
            self._arrive()
            for _ in range(dice.choice((1, 1, 1, 2, 3))):
                if self.at > NOW - 2 * MINUTE:
                    break
                self._exchange()
        else:
            tale.created = min(said.received for said in tale.said)
            tale.held.append(Held(dice.randrange(1, len(DEPARTMENTS)), None, tale.created))
        self._end()
        return tale

    def _arrival(self) -> dt.datetime:
        if self.dice.random() < 0.25:
            at = self.dice.choice(EDGES) + self.dice.uniform(-120, 120) * MINUTE
        elif self.dice.random() < 0.2:
            # Today, or on the same weekday of the weeks before.
            at = NOW - 7 * self.dice.choice((0, 0, *range(10))) * DAY - self.dice.uniform(0.03, 12) * HOUR
        else:
            at = NOW - self.dice.uniform(0.2, 365) * DAY
        return at.replace(microsecond=0)

    def _history(self) -> None:
        dice, said = self.dice, self.tale.said
        fetched = self.at + dice.uniform(1, 9) * DAY
        for _ in range(dice.choice((1, 2))):
            said.append(Said(False, self.at, fetched, wants=dice.random() < 0.8, historical=True))
            self._pass(1, 300)
        if dice.random() < 0.5:
            said.append(Said(True, self.at, fetched, historical=True))
        self.at = (max(fetched, self.at) + dice.uniform(0.1, 40) * HOUR).replace(microsecond=0)

    def _pass(self, least: float, most: float) -> None:
        self.at += dt.timedelta(seconds=round(60 * self.dice.uniform(least, most)))

    def _arrive(self) -> None:
        dice, tale = self.dice, self.tale
        tale.created = self._write()
        # One in twelve begins in the queue of spam.
        here = 0 if dice.random() < 0.08 else dice.randrange(1, len(DEPARTMENTS))
        tale.held.append(Held(here, None, tale.created))
        tale.happened.append(Happened(tale.created, "opened"))
        tale.decided_by, tale.rule = (
            dice.choice(("rule", "rule", "default", "learned", "thread")),
            dice.randrange(4),
        )
        if dice.random() < 0.15:
            self._move(tale.created + dice.uniform(1, 9) * dt.timedelta(seconds=1), routed=True)

    def _write(self) -> dt.datetime:
        """Let the customer write; return when it reached us."""
        dice = self.dice
        late = dice.uniform(60, 2000) * MINUTE if dice.random() < 0.08 else dice.uniform(0.1, 2) * MINUTE
        received = min(self.at + late, NOW - MINUTE)
        wants, language = dice.random() < 0.85, dice.choice(("en", "en", "de"))
        season = self.at.timetuple().tm_yday // 20 % len(TEXTS)
        said = Said(False, self.at, received, wants, language=language)
        said.text = TEXTS[season] if dice.random() < 0.3 else dice.choice(TEXTS)
        said.tone, said.urgency, said.says = (
            dice.choice(TONES),
            dice.choice((0, 0, 0, 1, 2)),
            dice.choice(SAYINGS),
        )
        self.tale.said.append(said)
        if wants and self.began is None:
            self.began = received
        return received

    def _exchange(self) -> None:
        dice, tale = self.dice, self.tale
        if tale.closed is not None:
            self.at = max(self.at, (tale.closed + MINUTE).replace(microsecond=0))
        if tale.closed is not None or len([said for said in tale.said if not said.historical]) > 1:
            received = self._write()
            self._reopen(received)
        if dice.random() < 0.3:
            self._pass(0.1, 50)
            self._write()
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
            self._hand_over()
        if dice.random() < 0.75:
            self._answer()
        if dice.random() < 0.5:
            self._close(max(self.at, tale.created) + dice.uniform(0, 5) * HOUR)
        self.at += dt.timedelta(seconds=round(3600 * dice.uniform(2, 120)))

    def _move(self, at: dt.datetime, *, routed: bool = False) -> None:
        tale = self.tale
        last = tale.held[-1]
        if not last.sent < at < NOW or tale.closed is not None:
            return
        others = [number for number in range(1, len(DEPARTMENTS)) if number != last.department]
        last.left = at
        tale.held.append(Held(self.dice.choice(others), last.department, at, routed=routed))
        tale.happened.append(Happened(at, "routed" if routed else "handed_over"))

    def _hand_over(self) -> None:
        dice = self.dice
        self._accept(max(self.at, self.tale.held[-1].sent) + dice.uniform(0.01, 5) * HOUR)
        self._pass(5, 900)
        self._move(max(self.at, self.tale.held[-1].sent) + dice.uniform(0.01, 9) * HOUR)

    def _accept(self, at: dt.datetime) -> None:
        last = self.tale.held[-1]
        if last.accepted is None and last.left is None and last.sent < at < NOW and self.dice.random() < 0.7:
            last.accepted = at
            self.tale.assignee = self._somebody()

    def _somebody(self) -> int | None:
        return self.dice.choice(self.agents.get(self.tale.held[-1].department) or [None])

    def _answer(self) -> None:
        """Answer here, or in the network's own app; we may hear of that only later."""
        dice, tale = self.dice, self.tale
        self._pass(1, 1500)
        if tale.closed is not None or self.at >= NOW - MINUTE:
            return
        author = self._somebody() if dice.random() < 0.65 else None
        if author is not None:
            queued = max(self.at, tale.held[-1].sent, tale.said[-1].received) + dice.uniform(0, 1) * MINUTE
            self.at = (queued + dice.uniform(0.2, 40) * MINUTE).replace(microsecond=0)
            if self.at >= NOW:
                return
            tale.said.append(Said(True, self.at, self.at, author=author, queued=queued))
            self._accept(queued)
            self._end_response(self.at, author)
        else:
            learned = dice.choice((dice.uniform(0.1, 1) * MINUTE, dice.uniform(1, 40) * HOUR))
            received = min(self.at + learned, NOW)
            if received - self.at > HOUR and self.began is not None and dice.random() < 0.5:
                # Somebody closed it as missed before we heard of the answer; then it was in time.
                self._record(self.at + HOUR, None, self._clock(met=False))
            tale.said.append(Said(True, self.at, received))
            self._end_response(received, None)

    def _clock(self, *, met: bool | None) -> dict:
        live = [said for said in self.tale.said if not said.historical]
        is_first = not any(said.ours for said in live)
        return {
            "clock": "first_response" if is_first else "next_response", "from": self.began.isoformat(), "met": met,
            **self._policy(),
        }  # fmt: skip

    def _policy(self) -> dict:
        """Return which service level held; long ago that was not noted."""
        return {"policy": self.dice.choice(ZONES)} if self.dice.random() < 0.9 else {}

    def _end_response(self, at: dt.datetime, author: int | None) -> None:
        if self.began is None:
            return
        is_first = sum(said.ours and not said.historical for said in self.tale.said) == 1
        clock = "first_response" if is_first else "next_response"
        due = self.began + TARGETS[clock] * HOUR
        if is_first:
            self.tale.due["first_response"] = due
        if self.dice.random() < 0.85:
            record = {
                "clock": clock,
                "from": self.began.isoformat(),
                "due": due.isoformat(),
                "met": self.at <= due,
                **self._policy(),
            }
            self._record(at, author, record)
        self.began = None

    def _record(self, at: dt.datetime, actor: int | None, *clocks: dict) -> None:
        verb = "answered" if actor is not None else "answered_natively"
        self.tale.happened.append(Happened(min(at, NOW), verb, actor, list(clocks)))

    def _close(self, at: dt.datetime) -> None:
        """Resolve or dismiss it. What was closed by mistake is opened again at once, and its clocks have not ended."""
        dice, tale = self.dice, self.tale
        at = max([at, tale.held[-1].sent + MINUTE, *(said.received for said in tale.said)])
        if tale.closed is not None or at >= NOW:
            return
        is_resolved = dice.random() < 0.7
        clocks = []
        if is_resolved:
            used = (at - tale.created).total_seconds()
            target = TARGETS["resolution"] * 3600
            noted = {"target": target} if dice.random() < 0.9 else {}
            clocks.append(
                {"clock": "resolution", "used": round(used), "met": used <= target, **noted, **self._policy()}
            )
            if self.began is not None and self.began + 8 * HOUR < at:
                clocks.append(self._clock(met=False))
        verb = "resolved" if is_resolved else "dismissed"
        tale.happened.append(Happened(at, verb, self._somebody(), clocks))
        if dice.random() < 0.05:
            undone = [record | {"met": None} for record in clocks]
            tale.happened.append(Happened(at + 5 * dt.timedelta(seconds=1), "undone", None, undone, verb))
            return
        tale.status = "resolved" if is_resolved else "dismissed"
        tale.reason = "" if is_resolved else dice.choice((*NOISE, "Duplicate", "Thanks only"))
        tale.closed = tale.held[-1].left = at

    def _reopen(self, at: dt.datetime) -> None:
        tale = self.tale
        if tale.closed is None:
            return
        tale.closed, tale.status, tale.reason, tale.held[-1].left = None, "open", "", None
        tale.reopened += 1
        tale.happened.append(Happened(at, "reopened"))

    def _end(self) -> None:
        """Leave it as it stands now: closed, or open with the clocks that run."""
        dice, tale = self.dice, self.tale
        if dice.random() < 0.75:
            self._close(self.at + dice.uniform(0, 50) * HOUR)
        if tale.closed is not None or tale.historical:
            return
        answered = any(said.ours and not said.historical for said in tale.said)
        tale.status = "open" if self.began else "waiting" if answered else "new"
        if self.began is not None and dice.random() < 0.9:
            clock = "next_response" if answered else "first_response"
            tale.due[clock] = NOW + dice.choice((-1, 1)) * dice.uniform(0.02, dice.choice((1.5, 90))) * HOUR
        if dice.random() < 0.4:
            tale.due["resolution"] = NOW + dice.choice((-1, 1)) * dice.uniform(0.1, 90) * HOUR


def merge_some(tales: list[Tale], dice: random.Random) -> None:
    """Move the messages of a few cases into another of the same customer: that one is left empty."""
    for tale, other in zip(tales[::20], tales[1::20], strict=False):
        if tale.historical or other.historical or other.closed is None or dice.random() < 0.3:
            continue
        other.customer, other.brand, other.direct = tale.customer, tale.brand, tale.direct
        tale.said += other.said
        other.said, other.merged = [], tale
        other.status = "dismissed"


def invent_company(seed: int, size: int, agents: dict[int, list[int]]) -> list[Tale]:
    dice = random.Random(seed)
    tales = [Teller(dice, agents, max(size // 3, 5)).tell() for _ in range(size)]
    merge_some(tales, dice)
    erased = set(dice.sample(range(max(size // 3, 5)), max(size // 150, 1)))
    for tale in tales:
        tale.erased = tale.customer in erased
    return tales
