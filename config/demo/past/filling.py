"""Fills the past of a demo day by day, newest first, in the background: whoever is stopped goes on at the next start.

Progress is a row among the imports of history, so that the page of the reports shows it like theirs.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from accounts.models import BrandAccount
from config.demo.approvals import ask_for_some_approvals
from config.demo.past import calendar
from config.demo.past.items import write_items
from config.demo.past.people import draw_person, draw_question
from config.demo.past.stories import MINUTE, Story, Teller
from config.demo.past.talk import name_post, tell_talk
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
    stories = tell_day(day, past.created_at, cast)
    write_stories(stories, cast, random.Random(f"people of day {day}"), f"{day}")  # noqa: S311
    if day == 0:
        ask_for_some_approvals(timezone.now())
    past.line += 1
    past.conversations += len(stories)
    past.messages += sum(len(story.said) for story, _ in stories)
    past.lease_until = timezone.now() + LEASE
    if past.line == calendar.DAYS:
        write_items(past.created_at)
        past.state, past.finished_at = ImportState.DONE, timezone.now()
    past.save()
    return past.state == ImportState.RUNNING


def tell_day(day: int, began: dt.datetime, cast: Cast) -> list[tuple[Story, BrandAccount]]:
    """Tell the stories of a day, the same whenever told. Two statements for the rules."""
    rules = live_rules()

    def decide_by_rules(facts: Facts) -> Decision:
        return decide(facts, rules)

    dice = random.Random(f"day {day}")  # noqa: S311 (the same past for everybody)
    teller = Teller(dice, day, decide_by_rules)
    ordinary, recall = calendar.count_cases(day, began)
    stories = list(_tell_talk(teller, began, cast)) if day == 0 else []
    for number in range(len(stories), ordinary + recall):
        person, account = draw_person(dice), dice.choice(cast.accounts)
        is_recall = number >= ordinary
        template = draw_question(dice, person, recall=is_recall)
        at = min(calendar.draw_arrival(dice, day, began, person.zone), began - 90 * MINUTE)
        story = teller.tell(person, template, at, _names_of(account))
        if is_recall and account.network == "x" and not story.is_direct:
            story.post_id = name_post(at, number)
        stories.append((story, account))
    for story, _ in stories:
        story.squeeze(began - 10 * MINUTE)
    return sorted(stories, key=lambda pair: pair[0].facts.at)


def _tell_talk(teller: Teller, began: dt.datetime, cast: Cast) -> Iterator[tuple[Story, BrandAccount]]:
    account = next((account for account in cast.accounts if account.network == "x"), None)
    if account is not None:
        for story in tell_talk(teller, began, _names_of(account)):
            yield story, account


def _names_of(account: BrandAccount) -> tuple[str, str, str]:
    """Return the network, the name in rules, and the mentioned handle."""
    handle = account.handle if account.network == "x" else ""
    return account.network, f"{account.network}:{account.remote_id}", handle
