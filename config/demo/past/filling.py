"""Fills the past of a demo day by day, newest first, in the background: whoever is stopped goes on at the next start.

Progress is a row among the imports of history, so that the page of the reports shows it like theirs.
"""

from __future__ import annotations

import datetime as dt
import random

from django.db import transaction
from django.utils import timezone

from accounts.models import BrandAccount
from config.demo.past import calendar
from config.demo.past.items import write_items
from config.demo.past.people import draw_person, draw_question
from config.demo.past.stories import MINUTE, Story, Teller
from config.demo.past.writing import Cast, write_stories
from inbox.models import Case
from reports.history.runs import LEASE
from reports.models import HistoryImport, ImportState
from routing.facts import Decision, Facts
from routing.rules.engine import decide
from routing.rules.versions import live_rules

#: Stands where an import has the digest of its file.
DIGEST = "the past of the demo"


def begin_past(now: dt.datetime) -> bool:
    """Plan the past of a demo that has no cases yet; tell whether there is one to fill."""
    values = {
        "state": ImportState.RUNNING,
        "file_name": "Eight weeks of the demo company",
        "file_size": calendar.CASES,
        "created_at": now,
    }
    past = HistoryImport.objects.filter(digest=DIGEST).first()
    if past is None and BrandAccount.objects.exists() and not Case.objects.exists():
        past = HistoryImport.objects.create(digest=DIGEST, network="demo", **values)
    return past is not None and past.state == ImportState.RUNNING


@transaction.atomic
def fill_day() -> bool:
    """Write the newest day that is missing; tell whether more are."""
    past = HistoryImport.objects.select_for_update(no_key=True).filter(digest=DIGEST).first()
    if past is None or past.state != ImportState.RUNNING:
        return False
    day, cast = past.line, Cast.load()
    dice = random.Random(f"day {day}")  # noqa: S311 (the same past for everybody)
    stories = _tell_day(dice, day, past.created_at, cast)
    write_stories(stories, cast, dice, f"{day}")
    past.line += 1
    past.conversations += len(stories)
    past.messages += sum(len(story.said) for story, _ in stories)
    past.lease_until = timezone.now() + LEASE
    if past.line == calendar.DAYS:
        write_items(past.created_at)
        past.state, past.finished_at = ImportState.DONE, timezone.now()
    past.save()
    return past.state == ImportState.RUNNING


def _tell_day(
    dice: random.Random, day: int, began: dt.datetime, cast: Cast
) -> list[tuple[Story, BrandAccount]]:
    rules = live_rules()

    def decide_by_rules(facts: Facts) -> Decision:
        return decide(facts, rules)

    teller = Teller(dice, day, decide_by_rules)
    ordinary, recall = calendar.count_cases(day, began)
    stories = []
    for number in range(ordinary + recall):
        person, account = draw_person(dice), dice.choice(cast.accounts)
        template = draw_question(dice, person, recall=number >= ordinary)
        at = min(calendar.draw_arrival(dice, day, began, person.zone), began - 90 * MINUTE)
        handle = account.handle if account.network == "x" else ""
        names = (account.network, f"{account.network}:{account.remote_id}", handle)
        story = teller.tell(person, template, at, names)
        story.squeeze(began - 10 * MINUTE)
        stories.append((story, account))
    return sorted(stories, key=lambda pair: pair[0].facts.at)
