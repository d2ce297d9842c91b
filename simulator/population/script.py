"""The next posts of the population, the same for the same seed whatever happens around it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from simulator.population.personas import Persona, personas
from simulator.population.wording import compose, misspelt

Channel = Literal[
    "mention", "x_direct", "comment", "visitor_post", "tagged", "messenger", "peer_x", "peer_facebook"
]
TOPICS = {
    "service": 22, "billing": 15, "tech": 18, "sales": 9, "marketing": 12, "product": 7, "pr": 3, "legal": 4, "hr": 3, "spam": 5,
    "troll": 3,
}  # fmt: skip
CHANNELS: dict[Channel, int] = {
    "mention": 44, "x_direct": 9, "comment": 19, "visitor_post": 8, "tagged": 2, "messenger": 9, "peer_x": 4, "peer_facebook": 5,
}  # fmt: skip
#: Nobody minds being ignored about these.
NO_ANSWER_EXPECTED = frozenset({"spam", "troll", "peers", "marketing", "thanks"})
_PRIVATE = ("x_direct", "messenger")


@dataclass(frozen=True, slots=True)
class Line:
    """One post to come. `account` picks the brand account, `corrected` is the text after an edit ("" for none)."""

    persona: Persona
    topic: str
    channel: Channel
    text: str
    corrected: str
    account: float
    place: float
    vanishes: bool


class Script:
    """An endless list of lines."""

    def __init__(self, seed: int) -> None:
        self.people = personas(seed)
        self._rng = random.Random(f"script {seed}")

    def next(self) -> Line:
        rng = self._rng
        persona = rng.choice(self.people)
        channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        topic = rng.choices(list(TOPICS), list(TOPICS.values()))[0]
        if channel.startswith("peer"):
            topic = "peers"
        elif channel in _PRIVATE and topic in ("spam", "troll"):
            topic = "service"
        text = compose(topic, persona.language, rng)
        edited, vanishes = rng.random() < 0.03, rng.random() < 0.02
        wrong = misspelt(text, rng)
        # Neither network lets a customer reword a direct message.
        edited = edited and channel not in _PRIVATE
        return Line(
            persona,
            topic,
            channel,
            wrong if edited else text,
            text if edited else "",
            rng.random(),
            rng.random(),
            vanishes,
        )
