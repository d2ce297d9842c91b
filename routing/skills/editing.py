"""Rename, merge and delete skills.

Rules name a skill by its key, so one that a rule or somebody's draft of rules still asks for cannot go.
"""

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
    """Rules ask for the skill; nothing was changed. The text is a sentence that names them."""


class InvalidSkillName(Exception):
    """The name is empty, too long or another skill's; nothing was changed. The text is a sentence for people."""


def rules_naming_skill(slug: str) -> list[str]:
    """Return which rules ask for a skill, in words.

    Those that are live, then those of drafts. Two statements.
    """
    return rules_by_skill().get(slug, [])


def rules_by_skill() -> dict[str, list[str]]:
    """Return which rules ask for each skill, by the skill's key.

    In words: those that are live, then those of drafts; skills that no rule asks for are left out. Two statements.
    """
    rules: dict[str, list[str]] = defaultdict(list)
    for name, slug in Rule.objects.exclude(skill="").values_list("name", "skill"):
        rules[slug].append(f"“{name}”")
    for draft in RuleDraft.objects.select_related("by"):
        for rule in draft.content.get("rules", []):
            if slug := rule.get("skill"):
                rules[slug].append(f"“{rule.get('name')}” in the draft of {draft.by}")
    return dict(rules)


@transaction.atomic
def rename_skill(pk: int, name: str) -> Skill:
    """Give a skill another name; its key, by which rules name it, stays.

    Raises `Skill.DoesNotExist`, and `InvalidSkillName` when the name cannot be used.
    """
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
    """Delete the skill `pk` and give everybody who has it `into` instead.

    Returns (the deleted skill, the remaining one, how many people have newly got it). Raises `Skill.DoesNotExist` when one of
    the two is missing or they are the same, and `SkillInUse` while rules ask for `pk`.
    """
    both = {skill.pk: skill for skill in _lock_skills().filter(pk__in={pk, into})}
    if pk == into or len(both) < 2:
        raise Skill.DoesNotExist
    old_skill, new_skill = both[pk], both[into]
    _refuse_skill_in_use(old_skill)
    have_it_already = new_skill.people.values("pk")
    people = list(old_skill.people.exclude(pk__in=have_it_already).values_list("pk", flat=True))
    new_skill.people.add(*people)
    old_skill.delete()
    return old_skill, new_skill, len(people)


@transaction.atomic
def delete_skill(pk: int) -> Skill:
    """Delete a skill, so that nobody has it any more.

    Raises `Skill.DoesNotExist`, and `SkillInUse` while rules ask for it.
    """
    skill = _lock_skills().get(pk=pk)
    _refuse_skill_in_use(skill)
    skill.delete()
    return skill


def _lock_skills() -> QuerySet[Skill]:
    return Skill.objects.select_for_update().order_by("pk")


def _refuse_skill_in_use(skill: Skill) -> None:
    # So that nobody publishes rules between this check and the deletion.
    versions.lock_rule_editing()
    if rules := rules_naming_skill(skill.slug):
        raise SkillInUse(
            f"“{skill}” is asked for by {', '.join(rules)}. Change or discard that first; nothing was changed."
        )
