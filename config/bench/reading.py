"""Bench of reading: microseconds per message, against tokenizing it, which the rules do in any case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from config.bench.web import median
from routing.reading import read_message
from routing.reading.languages import detect_language
from routing.text import tokenize

#: Invented messages of the kinds that customers write: questions, complaints, praise, chat, in seven languages.
MESSAGES = (
    ("en", "@yourbrand my parcel still hasn't arrived after two weeks and nobody answers the phone. Not happy at all!"),
    ("en", "Thank you so much for the quick help today, you guys are the best 😍"),
    ("en", "@yourbrand can you tell me how long the delivery to Portugal takes? I need it by Friday, please."),
    ("en", "The app crashes whenever I open it since the last update :( is anyone else having this problem?"),
    ("en", "Check out the new shop on Main Street https://example.org/abc #weekend"),
    ("de", "@yourbrand seit drei Wochen warte ich auf meine Rückerstattung, so ein schlechter Service. Unverschämt!"),
    ("fr", "Bonjour, je n'ai toujours pas reçu ma commande. Pouvez-vous me dire où elle se trouve ? Merci"),
    ("es", "Llevo esperando más de una hora y nadie contesta el teléfono, qué vergüenza de servicio."),
    ("pt", "Adorei o atendimento de vocês, muito obrigada! Nota 10 👏"),
    ("it", "Il mio ordine non è ancora arrivato, potete aiutarmi? Grazie"),
    ("nl", "Mijn internet doet het nog steeds niet, wanneer is de storing opgelost?"),
)  # fmt: skip


def measure(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure tokenizing alone and the whole reading in turn.

    A round reads about `messages` messages. Language detection is timed separately.
    """
    times = max(options["messages"] // len(MESSAGES), 1)
    rounds = []
    for number in range(options["rounds"] + 1):
        one_round = {
            "floor_us": _cpu_us_each(times, lambda _, text: tokenize(text)),
            "us_per_message": _cpu_us_each(
                times, lambda language, text: read_message(text, language=language)
            ),
            "language_us": _cpu_us_each(times, lambda _, text: detect_language(text)),
        }
        if number:  # the first round is a warm-up
            rounds.append(one_round)
            say(f"round {number}: " + ", ".join(f"{key} {value:.1f}" for key, value in one_round.items()))
    middle = {key: round(median([figures[key] for figures in rounds]), 1) for key in rounds[0]}
    ratio = round(median([figures["us_per_message"] / figures["floor_us"] for figures in rounds]), 2)
    return {
        "bench": "reading",
        **middle,
        "floor_ratio": ratio,
        "messages": times * len(MESSAGES),
        "rounds": len(rounds),
    }


def _cpu_us_each(times: int, work: Callable[[str, str], object]) -> float:
    """Return the microseconds of CPU that `work` takes for one message."""
    began = time.process_time()
    for _ in range(times):
        for language, text in MESSAGES:
            work(language, text)
    return (time.process_time() - began) / (times * len(MESSAGES)) * 1e6
