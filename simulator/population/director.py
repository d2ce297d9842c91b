"""Lets the population post, react to answers, correct itself and lose patience."""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.placing import Draft
from simulator.population.personas import Persona
from simulator.population.script import NO_ANSWER_EXPECTED, Line, Script
from simulator.population.wording import compose
from simulator.records import BrandAccount, Kind, Message, Network
from simulator.world import World

Action = Callable[[int], None]
ORIGIN = "population"
_MAX_ANGER = 2
_KINDS: dict[str, tuple[Network, Kind]] = {
    "mention": ("x", "public"), "peer_x": ("x", "public"), "x_direct": ("x", "direct"), "comment": ("facebook", "comment"),
    "peer_facebook": ("facebook", "comment"), "visitor_post": ("facebook", "visitor_post"), "tagged": ("facebook", "tagged"),
    "messenger": ("facebook", "direct"),
}  # fmt: skip


@dataclass(slots=True)
class Pace:
    """The pace at which customers post and react.

    Posts a second on average, seconds until a reaction and until anger, and how many posts at most (None: no
    end).
    """

    rate: float = 0.5
    reaction: float = 20.0
    patience: float = 900.0
    until: int | None = None


class Director:
    """Directs the customers: who posts what, and when they react.

    Everything happens in `step` (one more post) and `settle` (what fell due), so that a test can play the
    clock.
    """

    def __init__(self, world: World, pace: Pace) -> None:
        self.world = world
        self.pace = pace
        self.script = Script(world.seed)
        self.posted = 0
        self._rng = random.Random(f"director {world.seed}")
        self._due: list[tuple[int, int, Action]] = []
        self._count = 0
        self._waiting: dict[str, Message] = {}
        self._angry: deque[tuple[str, int]] = deque()
        self._people = {persona.handle: persona for persona in self.script.people}
        self._fast_forward()
        world.listeners.append(self._on_brand_answer)

    def _fast_forward(self) -> None:
        """After a restart go on where the script stopped."""
        firsts = {
            id(message)
            for message in self.world.messages.values()
            if message.origin == ORIGIN and message.client.get("line")
        }
        for _ in firsts:
            self.script.next()

    @property
    def finished(self) -> bool:
        return self.pace.until is not None and self.posted >= self.pace.until

    def health(self) -> dict[str, Any]:
        return {
            "population": {
                "rate": self.pace.rate, "posted": self.posted, "waiting": len(self._waiting), "due": len(self._due),
                "finished": self.finished,
            }
        }  # fmt: skip

    # -- posting ---------------------------------------------------------------------------------------------------

    def step(self, now: int) -> None:
        """One more message: sometimes someone who has waited too long, else the next line of the script."""
        self.do_due_actions(now)
        if self.finished:
            return
        if self._angry and self._rng.random() < 0.3:
            message_id, times = self._angry.popleft()
            if (message := self._waiting.get(message_id)) is not None and not message.deleted_at:
                self._lose_patience(message, times, now)
                return
        self._post_line(self.script.next(), now)

    def do_due_actions(self, now: int) -> None:
        """Do what fell due."""
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2](now)

    def _schedule(self, at: float, action: Action) -> None:
        self._count += 1
        heapq.heappush(self._due, (int(at), self._count, action))

    def _post_line(self, line: Line, now: int) -> None:
        network, kind = _KINDS[line.channel]
        account = self._account(network, line)
        parent = self._choose_parent(line, account)
        text = line.text
        message = self._post(
            line.persona,
            account,
            self._address_text(text, line, account, kind),
            kind,
            parent,
            line.topic,
            now,
            True,
        )
        if line.corrected:
            corrected = self._address_text(line.corrected, line, account, kind)
            self._schedule(
                now + self._rng.uniform(15_000, 60_000), lambda at: self._correct(message, corrected, at)
            )
        if line.vanishes:
            self._schedule(now + self._rng.uniform(60_000, 180_000), lambda at: self._delete(message, at))
        if line.topic not in NO_ANSWER_EXPECTED:
            self._wait_for_answer(message, line.persona, now)

    def _post(
        self, persona: Persona, account: BrandAccount, text: str, kind: Kind, parent: Message | None, topic: str, now: int,
        scripted: bool = False,
    ) -> Message:  # fmt: skip
        network = account.network
        person = self.world.find_person_by_handle(network, persona.handle)
        if person is None:
            person = self.world.add_person(persona.on(network, self.world.seed))
        client = {"line": "1"} if scripted else {}
        self.posted += 1
        return self.world.post(
            Draft(network, account, person, text, kind, parent, ORIGIN, topic, client), now
        )

    def _account(self, network: Network, line: Line) -> BrandAccount:
        accounts = [candidate for candidate in self.world.accounts.values() if candidate.network == network]
        return accounts[int(line.account**1.6 * len(accounts))]

    def _choose_parent(self, line: Line, account: BrandAccount) -> Message | None:
        """Choose what a line answers: one of the newest brand posts, or another customer."""
        if line.channel == "comment":
            posts = self._newest(4, "posts", account.remote_id)
        elif line.channel == "peer_facebook":
            posts = self._newest(20, "fb-comments", account.remote_id) or self._newest(
                4, "posts", account.remote_id
            )
        elif line.channel == "peer_x":
            posts = self._newest(20, "x-mentions", account.remote_id)
        elif line.channel == "mention" and line.place < 0.15:
            posts = [post for post in self._newest(10, "x-author", account.remote_id) if not post.in_reply_to]
        else:
            return None
        return posts[int(line.place * 997) % len(posts)] if posts else None

    def _newest(self, count: int, *key: str) -> list[Message]:
        messages: list[Message] = []
        for message in self.world.timeline(*key).newest_first():
            if len(messages) == count:
                break
            if self.world.find_readable_message(message.id) is not None:
                messages.append(message)
        return messages

    @staticmethod
    def _address_text(text: str, line: Line, account: BrandAccount, kind: Kind) -> str:
        if account.network == "x" and kind == "public":
            at = f"@{account.handle}"
            return f"{text} {at}" if line.place > 0.75 else f"{at} {text}"
        return f"{text} @{account.name}" if kind == "tagged" else text

    # -- second thoughts -------------------------------------------------------------------------------------------

    def _correct(self, message: Message, text: str, now: int) -> None:
        if not message.deleted_at:
            self.world.edit(message, text, now)

    def _delete(self, message: Message, now: int) -> None:
        self._waiting.pop(message.first_id, None)
        self.world.delete(message, now)

    # -- waiting and reacting --------------------------------------------------------------------------------------

    def _wait_for_answer(self, message: Message, persona: Persona, now: int, times: int = 0) -> None:
        if times >= _MAX_ANGER:
            return
        self._waiting[message.first_id] = message
        patience = self.pace.patience * persona.patience * 1000 * (1 + times)
        self._schedule(now + patience, lambda at: self._mark_angry(message.first_id, times))

    def _mark_angry(self, message_id: str, times: int) -> None:
        if message_id in self._waiting:
            self._angry.append((message_id, times))

    def _lose_patience(self, message: Message, times: int, now: int) -> None:
        persona = self._people[self.world.people[f"{message.network}:{message.author}"].handle]
        del self._waiting[message.first_id]
        again = self._answer(persona, message, message, "angry", now)
        self._wait_for_answer(again, persona, now, times + 1)

    def _on_brand_answer(self, message: Message, event: str) -> None:
        """Note that a brand answered one of our customers. They will see it in a moment."""
        if event != "posted" or not message.by_brand:
            return
        question = self._find_answered_message(message)
        if question is None or question.by_brand or question.origin != ORIGIN:
            return
        for first_id in [
            key
            for key, waiting in self._waiting.items()
            if waiting.author == question.author and waiting.network == question.network
        ]:
            del self._waiting[first_id]
        author = self.world.person(question.network, question.author)
        persona = self._people.get(author.handle) if author else None
        if persona is not None and question.topic not in ("spam", "troll"):
            delay = self._rng.uniform(0.4, 1.8) * self.pace.reaction * 1000
            self._schedule(message.created_at + delay, lambda at: self._react(persona, question, message, at))

    def _find_answered_message(self, answer: Message) -> Message | None:
        """Find the customer's message that an answer belongs to."""
        if answer.is_direct:
            thread = (
                self.world.timeline("x-direct", answer.account, answer.thread)
                if answer.network == "x"
                else self.world.timeline("messages", answer.thread)
            )
            return next((message for message in thread.newest_first() if not message.by_brand), None)
        return self.world.messages.get(answer.in_reply_to)

    def _react(self, persona: Persona, question: Message, answer: Message, now: int) -> None:
        if answer.deleted_at or question.deleted_at or self.finished:
            return
        chance = self._rng.random()
        if chance < persona.grateful * 0.7:
            self._answer(persona, question, answer, "thanks", now)
        elif chance < persona.grateful * 0.7 + 0.18:
            self._wait_for_answer(self._answer(persona, question, answer, "followup", now), persona, now)
        elif chance < persona.grateful * 0.7 + 0.4:
            self._wait_for_answer(self._answer(persona, question, answer, "unsolved", now), persona, now)

    def _answer(self, persona: Persona, question: Message, parent: Message, topic: str, now: int) -> Message:
        account = self.world.accounts[f"{question.network}:{question.account}"]
        text = compose(topic, persona.language, self._rng)
        if question.network == "x" and not question.is_direct:
            text = f"@{account.handle} {text}"
        kind: Kind = question.kind if question.kind in ("public", "direct") else "comment"
        return self._post(persona, account, text, kind, parent, topic, now)

    # -- running ---------------------------------------------------------------------------------------------------

    async def post_forever(self) -> None:
        """Post at the pace for ever, with jitter."""
        next_at = time.monotonic()
        while True:
            clock = time.monotonic()
            if self.pace.rate <= 0 or self.finished or clock - next_at > 2:
                next_at = clock
            while self.pace.rate > 0 and not self.finished and next_at <= clock:
                self.step(self.world.clock())
                next_at += self._rng.expovariate(self.pace.rate)
                await asyncio.sleep(0)
            self.do_due_actions(self.world.clock())
            await asyncio.sleep(min(max(next_at - time.monotonic(), 0.005), 0.25))
