"""One case of the past: what was asked and when, who had it, what was answered, and how it ended. Pure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from config.demo.past.calendar import BAD_WEEK, next_office_hour
from config.demo.past.texts import Template, fill_template, read_templates, write_question
from routing.facts import Decision, Facts
from routing.reading import with_reading

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
REASON, WRONG = "They know the answer", "It is for your department"
CARE = ("service", "billing", "tech", "sales")


@dataclass(frozen=True, slots=True)
class PastCustomer:
    """A customer of the demo."""

    number: int
    name: str
    language: str
    zone: str


@dataclass(slots=True)
class Turn:
    """One message. Of ours, `native` was written in the network's own app, the others by a person of `department`."""

    at: dt.datetime
    text: str
    department: str = ""
    native: bool = False


@dataclass(slots=True)
class Held:
    """A department (a slug) that had the case."""

    department: str
    sent_at: dt.datetime
    accepted_at: dt.datetime | None
    reason: str = ""
    wrong: bool = False


@dataclass(slots=True)
class Story:
    """A case from the customer's first message to its last closing."""

    person: PastCustomer
    facts: Facts
    decision: Decision
    is_direct: bool
    said: list[Turn] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    #: When it was closed, and closed again; between two closings the customer wrote.
    closings: list[dt.datetime] = field(default_factory=list)
    #: The id of its first message on a network that still has it; "" where nothing is left to answer.
    post_id: str = ""
    #: The id of the other customer's post under which it began.
    under: str = ""

    @property
    def is_noise(self) -> bool:
        return self.decision.department == "spam"

    @property
    def answers(self) -> list[Turn]:
        return [turn for turn in self.said if turn.department]

    def squeeze(self, latest: dt.datetime) -> None:
        """Let everything happen faster, so that it ended by `latest`."""
        begin, end = self.facts.at, self.closings[-1]
        if end <= latest:
            return

        def earlier(at: dt.datetime) -> dt.datetime:
            return begin + (at - begin) * ((latest - begin) / (end - begin))

        for turn in self.said:
            turn.at = earlier(turn.at)
        for held in self.held:
            held.sent_at, held.accepted_at = (
                earlier(held.sent_at),
                held.accepted_at and earlier(held.accepted_at),
            )
        self.closings = [earlier(at) for at in self.closings]


@dataclass(slots=True)
class Teller:
    """Tells the stories of one day. `decide` are the live rules."""

    dice: random.Random
    day: int
    decide: Callable[[Facts], Decision]

    def tell(
        self,
        person: PastCustomer,
        template: Template,
        at: dt.datetime,
        account: tuple[str, str, str],
        *,
        under: str | None = None,
    ) -> Story:
        """Tell what became of a question. `account` is its network, its name in rules and its handle.

        `under` is the post of a customer that a public question answers, "" for none; by default some are direct.
        """
        network, rule_name, handle = account
        is_direct = under is None and self.dice.random() < 0.15
        text = write_question(self.dice, template, "" if is_direct else handle, person.name)
        stream = "direct" if is_direct else "mentions"
        facts = with_reading(
            Facts(
                text=text,
                network=network,
                stream=stream,
                brand_account=rule_name,
                at=at,
                is_reply=bool(under),
            )
        )
        story = Story(person, facts, self.decide(facts), is_direct, [Turn(at, text)], under=under or "")
        if story.is_noise:
            story.held = [Held("spam", at, at + 5 * MINUTE)]
            story.closings = [at + self._wait(8)]
            return story
        self._hand_over(story, template.kind)
        self._answer(story, recalls=template in read_templates("recall"))
        return story

    def _wait(self, median: float) -> dt.timedelta:
        """Return a wait that is mostly short and sometimes very long."""
        slow = 4.0 if self.day in BAD_WEEK else 1.0
        return MINUTE * min(median * slow * self.dice.lognormvariate(0, 1.0) + 1, 2600)

    def _hand_over(self, story: Story, best: str) -> None:
        """Let departments have the case: the one of the rules, the right one, sometimes another and back again."""
        first, at = story.decision.department, story.facts.at
        story.held = [Held(first, at, next_office_hour(at) + self._wait(6))]
        if best not in (first, "spam", "marketing") and self.dice.random() < 0.85:
            self._send(story, best, WRONG, wrong=True)
        elif self.dice.random() < 0.09:
            self._send(story, self.dice.choice([slug for slug in CARE if slug != first]), REASON)
        if len(story.held) > 1 and self.dice.random() < 0.2:
            self._send(story, first, "Please tell the customer first")
            if self.dice.random() < 0.4:
                self._send(story, story.held[1].department, REASON)

    def _send(self, story: Story, slug: str, reason: str, *, wrong: bool = False) -> None:
        last = story.held[-1]
        sent = next_office_hour((last.accepted_at or last.sent_at) + self._wait(14))
        # Billing begins late on Mondays.
        slow = 5 if slug == "billing" and sent.weekday() == 0 else 1
        accepted = next_office_hour(sent + slow * self._wait(32))
        if self.dice.random() < 0.04 and last.accepted_at:
            last.accepted_at = None
        story.held.append(Held(slug, sent, accepted, reason, wrong))

    def _answer(self, story: Story, *, recalls: bool) -> None:
        holder = story.held[-1]
        begin = holder.accepted_at or holder.sent_at
        at = next_office_hour(begin + self._wait(15))
        unanswered = 0.26 if self.day in BAD_WEEK else 0.07
        if self.dice.random() < (unanswered if story.facts.wants_answer else 0.8):
            story.closings = [at + HOUR * self.dice.uniform(2, 30)]
            return
        kind = "recall" if recalls and self.dice.random() < 0.8 else "first"
        self._say(story, kind, at)
        if self.dice.random() < 0.42:
            self._go_on(story)
        story.closings = [story.said[-1].at + HOUR * self.dice.uniform(0.1, 7)]
        if self.dice.random() < 0.04:
            self._reopen(story)

    def _go_on(self, story: Story) -> None:
        """Let the customer write again, and mostly be answered again."""
        pleased = self.dice.random() < (0.4 if self.day in BAD_WEEK else 0.72)
        at = story.said[-1].at + HOUR * self.dice.uniform(0.1, 16)
        self._reply(story, "pleased" if pleased else "displeased", at)
        if not pleased and self.dice.random() < 0.88:
            kind = "promise" if self.dice.random() < 0.5 else "again"
            self._say(story, kind, next_office_hour(at + self._wait(45)))

    def _reopen(self, story: Story) -> None:
        at = story.closings[0] + HOUR * self.dice.uniform(3, 40)
        self._reply(story, "displeased", at)
        self._say(story, "again", next_office_hour(at + self._wait(60)))
        story.closings.append(story.said[-1].at + HOUR * self.dice.uniform(0.2, 12))

    def _say(self, story: Story, kind: str, at: dt.datetime) -> None:
        templates = [template for template in read_templates("answers") if template.kind == kind]
        name = story.person.name.split()[0]
        text = fill_template(self.dice, self.dice.choice(templates).text, name=name)
        native = self.dice.random() < 0.05
        story.said.append(Turn(at, text, story.held[-1].department, native))

    def _reply(self, story: Story, kind: str, at: dt.datetime) -> None:
        replies = [template for template in read_templates("replies") if template.kind == kind]
        own = [template for template in replies if template.language == story.person.language]
        story.said.append(Turn(at, self.dice.choice(own or replies).text))
