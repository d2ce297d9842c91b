"""The customers of the demo's past. Pure."""

from __future__ import annotations

import random

from config.demo.past.stories import PastCustomer
from config.demo.past.texts import Template, read_templates

#: People who wrote in the eight weeks; many wrote more than once.
PEOPLE = 2_300
_LANGUAGES = {"en": 62, "de": 11, "fr": 8, "es": 8, "nl": 5, "it": 3, "pt": 3}
_ENGLISH_ZONES = ("Europe/London", "Europe/London", "America/New_York", "Australia/Sydney")
_FIRST = "Ines Tom Hanna Luc Mila Joris Ada Per Rosa Finn Nora Emre Lea Otto Zoe Ivo Maja Karl Priya Sean Aisha Noel Vera Dan".split()
_LAST = "Okafor Lind Moreau Visser Baker Costa Huber Nolan Rossi Ek Yilmaz Hale Brook Novak Stone Reyes Falk Dunn Mori Voss".split()
#: How often each department is asked, of a hundred.
_SUBJECTS = {
    "service": 28, "billing": 17, "tech": 20, "sales": 11, "marketing": 9, "product": 6, "pr": 2, "legal": 3, "hr": 2, "spam": 2,
}  # fmt: skip


def draw_person(dice: random.Random) -> PastCustomer:
    """Return one of the customers, who is the same whenever drawn."""
    number = dice.randrange(PEOPLE)
    own = random.Random(f"person {number}")  # noqa: S311 (the same people for everybody)
    language = own.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
    zone = own.choice(_ENGLISH_ZONES) if language == "en" else "Europe/Berlin"
    return PastCustomer(number, f"{own.choice(_FIRST)} {own.choice(_LAST)}", language, zone)


def draw_question(dice: random.Random, person: PastCustomer, *, recall: bool) -> Template:
    """Return what somebody asks, in their language."""
    templates = read_templates("recall" if recall else "questions")
    own = [template for template in templates if template.language == person.language] or list(templates)
    if recall:
        return dice.choice(own)
    kinds = sorted({template.kind for template in own})
    kind = dice.choices(kinds, [_SUBJECTS[kind] for kind in kinds])[0]
    return dice.choice([template for template in own if template.kind == kind])
