"""Texts of the population: templates in `texts/`, one file per kind of message, filled from word lists."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl", "it", "pl")
DEPARTMENTS = ("service", "billing", "sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam")
KINDS = (*DEPARTMENTS, "troll", "thanks", "followup", "unsolved", "angry", "peers")
_FOLDER = Path(__file__).parent / "texts"
_SLOT = re.compile(r"\{(\w+)\}")

WORDS: dict[str, tuple[str, ...]] = {
    "product": (
        "Kettle Pro", "Kettle Mini", "Quiet Boil kettle", "Fern Toaster", "Fern Toaster 4", "Air Basket fryer", "Bean Mill grinder",
        "Slow Fern cooker", "Steam Shelf oven", "Froth jug", "Pour-over set", "Hand Blender 2", "Ice Fern freezer drawer",
        "Waffle Fern", "Kettle Travel",
    ),
    "other": ("Bean Mill", "Froth jug", "Fern Toaster", "Air Basket", "Kettle Mini", "Hand Blender", "Steam Shelf", "milk pan"),
    "city": (
        "Leeds", "Bristol", "Cork", "Utrecht", "Ghent", "Lyon", "Nantes", "Porto", "Braga", "Seville", "Bilbao", "Turin", "Bari",
        "Kraków", "Gdańsk", "Leipzig", "Bremen", "Graz", "Basel", "Aarhus", "Malmö", "Tampere", "Cardiff", "Dundee",
    ),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "weekday_de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
    "weekday_nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag"),
    "month": ("January", "March", "April", "May", "June", "September", "October", "November"),
    "month_fr": ("janvier", "mars", "avril", "juin", "septembre", "novembre"),
    "month_pt": ("janeiro", "março", "maio", "junho", "setembro", "novembro"),
    "color": ("moss green", "oat", "brick red", "slate blue", "cream", "fern green", "charcoal"),
    "color_de": ("Moosgrün", "Hafer", "Ziegelrot", "Creme", "Anthrazit"),
    "color_es": ("verde musgo", "crema", "rojo ladrillo", "azul"),
    "color_pl": ("zielonym", "kremowym", "ceglastym", "grafitowym"),
    "hour": ("7 am", "9:30", "noon", "half past two", "4 pm", "17:45", "8 in the evening", "3 at night"),
    "error": ("E04", "E11", "E17", "F2", "BREW-403", "BREW-19", "code 77", "\"pan missing\"", "H20", "-1"),
    "job": ("repair technician", "store manager", "app developer", "warehouse", "customer care", "buyer", "designer"),
    "job_de": ("Reparaturtechniker", "Filialleiterin", "Entwickler", "Lagerhilfe"),
    "name": ("Amadi", "Olu", "Bello", "Raj", "Stone", "Lucky"),
    "brand": ("Kettle & Fern", "kettle people", "K&F"),
}  # fmt: skip


@cache
def templates(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the templates of a kind by language."""
    by_language: dict[str, list[str]] = {}
    language = "en"
    for line in (_FOLDER / f"{kind}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line:
            by_language.setdefault(language, []).append(line)
    return {key: tuple(lines) for key, lines in by_language.items()}


def _slot(name: str, rng: random.Random) -> str:
    if name in WORDS:
        return rng.choice(WORDS[name])
    if name == "order":
        return f"KF-{rng.randrange(10_000, 99_999)}"
    if name == "amount":
        sign = rng.choice(("€", "£", "€"))
        return f"{sign}{rng.randrange(4, 190)}.{rng.choice(('00', '50', '90', '99'))}"
    low, high = {"days": (2, 30), "minutes": (4, 75), "count": (2, 12)}[name]
    return str(rng.randint(low, high))


def compose(kind: str, language: str, rng: random.Random) -> str:
    """One text of a kind, in English where the language has none."""
    by_language = templates(kind)
    template = rng.choice(by_language.get(language) or by_language["en"])
    return _SLOT.sub(lambda match: _slot(match.group(1), rng), template)


def misspelt(text: str, rng: random.Random) -> str:
    """Return the text with two neighbouring letters swapped, as before an edit."""
    places = [
        at
        for at in range(len(text) - 1)
        if text[at].isalpha() and text[at + 1].isalpha() and text[at] != text[at + 1]
    ]
    if not places:
        return text + " "
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
