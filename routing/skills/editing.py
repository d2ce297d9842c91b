"""Rename, merge and delete skills.

Rules refer to a skill by its key, so a skill cannot be deleted while a rule, live or in a draft, asks for it.
"""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from accounts.models import Skill
from routing.models import Rule, RuleDraft
from routing.rules import versions

#: The maximum length of `Skill.name`.
MAX_NAME_LENGTH = 60


class SkillInUse(Exception):
    """Rules ask for the skill; nothing was changed. The text is a sentence that names them."""


class InvalidSkillName(Exception):
    """The name is empty, too long or in use; nothing was changed. The text is a sentence for people."""


def rules_naming_skill(slug: str) -> list[str]:
    """Return the rules that ask for a skill, in words.

    Live rules come first, then those of drafts. Two statements.
    """
    return rules_by_skill().get(slug, [])


def rules_by_skill() -> dict[str, list[str]]:
    """Return the rules that ask for each skill, in words.

    The keys are the skills' keys. Live rules come first, then those of drafts; skills that no rule asks for
    are left out. Two statements.
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
    """Rename a skill; its key, by which rules refer to it, stays.

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
    """Delete the skill `pk` and give its people the skill `into` instead.

    Returns (the deleted skill, the remaining one, the number of people who did not have it before). Raises
    `Skill.DoesNotExist` when one of the two is missing or they are the same, and `SkillInUse` while rules ask
    for `pk`.
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
    """Delete a skill, also from the people who have it.

    Raises `Skill.DoesNotExist`, and `SkillInUse` while rules ask for it.
    """
    skill = _lock_skills().get(pk=pk)
    _refuse_skill_in_use(skill)
    skill.delete()
    return skill


def _lock_skills() -> QuerySet[Skill]:
    return Skill.objects.select_for_update().order_by("pk")


def _refuse_skill_in_use(skill: Skill) -> None:
    # Without this lock somebody could publish rules between this check and the deletion.
    versions.lock_rule_editing()
    if rules := rules_naming_skill(skill.slug):
        raise SkillInUse(
            f"“{skill}” is required by {', '.join(rules)}. Change or discard that first; nothing was changed."
        )
