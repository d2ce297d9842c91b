"""Texts of the demo's past: templates in the files beside this one, filled from word lists. Pure."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

_WORDS = {
    "product": ("Kettle Pro", "Kettle Mini", "Froth jug", "Fern Toaster", "Bean Mill", "Waffle Fern", "Slow Fern", "Air Basket"),
    "place": ("Leeds", "Cork", "Ghent", "Bremen", "Lyon", "Porto", "Bristol", "Utrecht", "Turin", "Seville", "Albany", "Hobart"),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "part": ("lid", "base", "handle", "filter", "cord", "tray", "spout"),
}  # fmt: skip
_OPENINGS = {
    "en": (
        "",
        "",
        "",
        "Hi. ",
        "Hello! ",
        "Hey! ",
        "Good morning. ",
        "Sorry to bother you. ",
        "Quick question: ",
        "Second try: ",
    ),
    "de": ("", "", "Hallo! ", "Guten Tag. "),
    "fr": ("", "", "Bonjour ! "),
    "es": ("", "", "Hola. "),
    "nl": ("", "", "Hoi! "),
    "it": ("", "Salve. "),
    "pt": ("", "Olá! "),
}
_ENDINGS = {
    "en": (
        "",
        "",
        "",
        "",
        " Thanks.",
        " Thank you!",
        " Please help.",
        " Any news?",
        " Not amused.",
        " Cheers",
        " Regards, {signed}",
    ),
    "de": ("", "", " Danke.", " Viele Grüße"),
    "fr": ("", "", " Merci."),
    "es": ("", " Gracias."),
    "nl": ("", " Bedankt."),
    "it": ("", " Grazie."),
    "pt": ("", " Obrigado."),
}
_FOLDER = Path(__file__).parent


class Template(NamedTuple):
    """A text with gaps, of a kind: the department that can help, or when it is said."""

    kind: str
    language: str
    text: str


@cache
def read_templates(name: str) -> tuple[Template, ...]:
    """Return the templates of a file."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.split("|", 2) for line in lines if line and not line.startswith("#")]
    return tuple(
        Template(kind, *rest) if len(rest) == 2 else Template(kind, "en", *rest) for kind, *rest in parts
    )


def fill_template(dice: random.Random, text: str, **words: str) -> str:
    """Fill the gaps of a text."""
    drawn = {name: dice.choice(choices) for name, choices in _WORDS.items()}
    drawn["order"] = f"KF-{dice.randrange(10_000, 99_999)}"
    drawn["amount"] = f"£{dice.randrange(4, 240)}.{dice.choice(('00', '50', '90', '99'))}"
    drawn["days"] = str(dice.randrange(2, 16))
    return text.format(**drawn | words)


def write_question(dice: random.Random, template: Template, handle: str, name: str) -> str:
    """Return what a customer writes: some greet, some sign, some mention us."""
    opening, ending = dice.choice(_OPENINGS[template.language]), dice.choice(_ENDINGS[template.language])
    mention = f"@{handle} " if handle and dice.random() < 0.4 else ""
    return mention + opening + fill_template(dice, template.text + ending, signed=name.split()[0])
