"""The page of skills, for administrators: the people and rules of each; rename, merge, delete."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from accounts.models import Skill
from routing.pages.requests import form_view
from routing.skills import editing
from routing.skills.editing import InvalidSkillName, SkillInUse


@require_safe
@require_action("users")
def skill_list(request: SignedInRequest) -> HttpResponse:
    """Show every skill with its people and rules."""
    skills = list(Skill.objects.prefetch_related("people"))
    rules = editing.rules_by_skill()
    rows = [
        {"skill": skill, "people": skill.people.all(), "rules": rules.get(skill.slug, [])} for skill in skills
    ]
    return render(request, "routing/skills/skill_list.html", {"rows": rows})


@require_POST
@require_action("users")
def skill_rename(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename a skill; its key stays."""
    try:
        skill = editing.rename_skill(pk, request.POST.get("name", ""))
    except Skill.DoesNotExist:
        raise Http404 from None
    except InvalidSkillName as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Renamed to “{skill}”.")
    return redirect("routing:skill_list")


@form_view
@require_action("users")
def skill_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask whether to delete or merge a skill; posting does so.

    It is refused while rules ask for the skill.
    """
    skill = get_object_or_404(Skill, pk=pk)
    if request.method != "POST":
        context = {
            "skill": skill,
            "people": skill.people.all(),
            "rules": editing.rules_naming_skill(skill.slug),
            "others": Skill.objects.exclude(pk=pk),
        }
        return render(request, "routing/skills/skill_remove.html", context)
    into = request.POST.get("into", "")
    try:
        if into:
            sentence = _merge_into(pk, into)
        else:
            editing.delete_skill(pk)
            sentence = f"“{skill}” is deleted."
    except Skill.DoesNotExist:
        messages.error(request, "That skill is not there any more. Nothing was changed.")
        return redirect("routing:skill_list")
    except SkillInUse as error:
        messages.error(request, str(error))
        return redirect("routing:skill_remove", pk=pk)
    messages.success(request, sentence)
    return redirect("routing:skill_list")


def _merge_into(pk: int, into: str) -> str:
    if not (into.isascii() and into.isdigit() and len(into) < 18):
        raise Skill.DoesNotExist
    old_skill, new_skill, people = editing.merge_skills(pk, int(into))
    return f"“{old_skill}” is “{new_skill}” now, for {people} more {'person' if people == 1 else 'people'}."
