"""Customers who answer each other on X and report one fault, on the last day of the past. Pure."""

from __future__ import annotations

import datetime as dt

from config.demo.past.people import draw_person
from config.demo.past.stories import HOUR, PastCustomer, Story, Teller
from config.demo.past.texts import read_templates

#: X's ids count milliseconds from 2010-11-04T01:42:54.657Z above their lowest 22 bits.
_X_EPOCH_MS = 1288834974657
#: Hours before the beginning in which the first of them wrote, and between two of them.
_FIRST, _BETWEEN = 22 * HOUR, 2.6 * HOUR


def tell_talk(teller: Teller, began: dt.datetime, account: tuple[str, str, str]) -> list[Story]:
    """Tell their cases; each answers the post of the one before."""
    stories: list[Story] = []
    people: dict[int, PastCustomer] = {}
    for place, template in enumerate(read_templates("talk")):
        person = draw_person(teller.dice)
        while person.number in people or person.language != "en":
            person = draw_person(teller.dice)
        people[person.number] = person
        at = began - _FIRST + place * _BETWEEN
        before = stories[-1].post_id if stories else ""
        story = teller.tell(person, template, at, account, under=before)
        story.post_id = name_post(at, place)
        stories.append(story)
    return stories


def name_post(at: dt.datetime, number: int) -> str:
    """Return an id as X gives them out; `number` differs between posts of one moment."""
    return str(((int(at.timestamp() * 1000) - _X_EPOCH_MS) << 22) + 0x2000 + number)
