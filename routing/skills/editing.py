"""What administrators do to skills: another name, one made into another, deleted. Rules name a skill by its key, so none
goes that a rule, or somebody's draft of rules, still asks for."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from accounts.models import Skill
from routing.models import Rule, RuleDraft
from routing.rules import versions

#: As long as `Skill.name` may be.
MAX_NAME_LENGTH = 60


class SkillInUse(Exception):
    """Rules ask for the skill. Nothing was changed; the message says which, for a person."""


class InvalidSkillName(Exception):
    """The name is empty, too long or another skill's. Nothing was changed; the message says what, for a person."""


def rules_naming_skill(slug: str) -> list[str]:
    """Which rules ask for a skill, in words: those that are live, then those of drafts. Two statements."""
    return rules_by_skill().get(slug, [])


def rules_by_skill() -> dict[str, list[str]]:
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
def rename_skill(pk: int, name: str) -> Skill:
    """Give a skill another name; its key, by which rules name it, stays. Raises `Skill.DoesNotExist` and `InvalidSkillName`."""
    skill = Skill.objects.select_for_update().get(pk=pk)
    name = " ".join(name.split())
    if not slugify(name) or len(name) > MAX_NAME_LENGTH or set(name) & set(",;\0"):
        raise InvalidSkillName(
            f"A skill needs a name of letters or digits, at most {MAX_NAME_LENGTH} and without commas. It is still “{skill}”."
        )
    if Skill.objects.filter(name__iexact=name).exclude(pk=pk).exists():
        raise InvalidSkillName(f"There is a skill “{name}” already. Merge “{skill}” into it instead.")
    skill.name = name
    skill.save(update_fields=["name"])
    return skill


@transaction.atomic
def merge_skills(pk: int, into: int) -> tuple[Skill, Skill, int]:
    """Who has the skill `pk` has `into` instead, and `pk` is gone: (gone, kept, people who did not have it before).

    Raises `Skill.DoesNotExist`, and `SkillInUse` while rules ask for `pk`.
    """
    both = {one.pk: one for one in _lock_skills().filter(pk__in={pk, into})}
    if pk == into or len(both) < 2:
        raise Skill.DoesNotExist
    gone, kept = both[pk], both[into]
    _refuse_skill_in_use(gone)
    have = kept.people.values("pk")
    people = list(gone.people.exclude(pk__in=have).values_list("pk", flat=True))
    kept.people.add(*people)
    gone.delete()
    return gone, kept, len(people)


@transaction.atomic
def delete_skill(pk: int) -> Skill:
    """Delete a skill; nobody has it any more. Raises as `merge_skills` does."""
    skill = _lock_skills().get(pk=pk)
    _refuse_skill_in_use(skill)
    skill.delete()
    return skill


def _lock_skills() -> QuerySet[Skill]:
    return Skill.objects.select_for_update().order_by("pk")


def _refuse_skill_in_use(skill: Skill) -> None:
    # Nobody publishes rules between the look and the deletion.
    versions.lock_rule_editing()
    if rules := rules_naming_skill(skill.slug):
        raise SkillInUse(
            f"“{skill}” is asked for by {', '.join(rules)}. Change or discard that first; nothing was changed."
        )
