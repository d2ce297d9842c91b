"""What administrators do to skills: another name, one made into another, deleted. Rules name a skill by its key, so none
goes that a rule, or somebody's draft of rules, still asks for."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from accounts.models import Skill
from routing.models import Rule, RuleDraft
from routing.rules import versions as rulesets

#: As long as `Skill.name` may be.
LONGEST = 60


class StillNamed(Exception):
    """Rules ask for the skill. Nothing was changed; the message says which, for a person."""


class BadName(Exception):
    """The name is empty, too long or another skill's. Nothing was changed; the message says what, for a person."""


def naming(slug: str) -> list[str]:
    """Which rules ask for a skill, in words: those that are live, then those of drafts. Two statements."""
    return naming_all().get(slug, [])


def naming_all() -> dict[str, list[str]]:
    """The same of every skill that some rule asks for, by its key."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, slug in Rule.objects.exclude(skill="").values_list("name", "skill"):
        found[slug].append(f"“{name}”")
    for draft in RuleDraft.objects.select_related("by"):
        for one in draft.content.get("rules", []):
            if slug := one.get("skill"):
                found[slug].append(f"“{one.get('name')}” in the draft of {draft.by}")
    return dict(found)


@transaction.atomic
def rename(pk: int, name: str) -> Skill:
    """Give a skill another name; its key, by which rules name it, stays. Raises `Skill.DoesNotExist` and `BadName`."""
    skill = Skill.objects.select_for_update().get(pk=pk)
    name = " ".join(name.split())
    if not slugify(name) or len(name) > LONGEST or set(name) & set(",;\0"):
        raise BadName(
            f"A skill needs a name of letters or digits, at most {LONGEST} and without commas. It is still “{skill}”."
        )
    if Skill.objects.filter(name__iexact=name).exclude(pk=pk).exists():
        raise BadName(f"There is a skill “{name}” already. Merge “{skill}” into it instead.")
    skill.name = name
    skill.save(update_fields=["name"])
    return skill


@transaction.atomic
def merge(pk: int, into: int) -> tuple[Skill, Skill, int]:
    """Who has the skill `pk` has `into` instead, and `pk` is gone: (gone, kept, people who did not have it before).

    Raises `Skill.DoesNotExist`, and `StillNamed` while rules ask for `pk`.
    """
    both = {one.pk: one for one in _locked().filter(pk__in={pk, into})}
    if pk == into or len(both) < 2:
        raise Skill.DoesNotExist
    gone, kept = both[pk], both[into]
    _refuse_named(gone)
    have = kept.people.values("pk")
    people = list(gone.people.exclude(pk__in=have).values_list("pk", flat=True))
    kept.people.add(*people)
    gone.delete()
    return gone, kept, len(people)


@transaction.atomic
def delete(pk: int) -> Skill:
    """Delete a skill; nobody has it any more. Raises as `merge` does."""
    skill = _locked().get(pk=pk)
    _refuse_named(skill)
    skill.delete()
    return skill


def _locked() -> QuerySet[Skill]:
    return Skill.objects.select_for_update().order_by("pk")


def _refuse_named(skill: Skill) -> None:
    # Nobody publishes rules between the look and the deletion.
    rulesets.take_turn()
    if rules := naming(skill.slug):
        raise StillNamed(
            f"“{skill}” is asked for by {', '.join(rules)}. Change or discard that first; nothing was changed."
        )
