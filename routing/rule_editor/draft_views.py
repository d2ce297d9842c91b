"""The draft of the person who is signed in: begun, compared with what is live, published or thrown away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from routing.conditions.wording import summary
from routing.models import RuleDraft
from routing.pages.requests import denied_is_absent, form_view
from routing.refusals import RuleSetError
from routing.rule_editor.forms import PublishForm
from routing.rule_editor.redirects import to_list
from routing.rule_editor.views import rule_editor_of
from routing.rule_editor.worksheet import Desk, desk_of
from routing.rules import drafts
from routing.rules.merging import DEFAULT, ORDER, Clash


@require_POST
@login_required
def draft_begin(request: HttpRequest) -> HttpResponse:
    """Begins a draft; nothing when there is one."""
    with denied_is_absent():
        drafts.begin(rule_editor_of(request), timezone.now())
    messages.success(request, "You are working on a draft: nothing is live before you publish it.")
    return to_list()


@require_POST
@login_required
def draft_discard(request: HttpRequest) -> HttpResponse:
    """Throws the draft away."""
    if drafts.discard(rule_editor_of(request)):
        messages.success(request, "The draft is thrown away. The live rules are as they were.")
    return to_list()


@form_view
@login_required
def draft_publish(request: HttpRequest) -> HttpResponse:
    """What publishing would change, what is wrong or clashes; posting publishes."""
    user = rule_editor_of(request)
    desk = desk_of(user)
    if desk.draft is None:
        if request.method == "POST":
            messages.info(request, "There is no draft (any more): it was published or thrown away.")
        return to_list()
    form = PublishForm(request.POST or None)
    chosen = _chosen(request)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            version = drafts.publish(user, form.cleaned_data["note"], timezone.now(), chosen)
        except RuleDraft.DoesNotExist:
            return to_list()
        except drafts.Clashes:
            form.add_error(
                None, "Others changed the same rules meanwhile: say below which counts. Nothing is lost."
            )
            status = 409
        except RuleSetError as error:
            form.add_error(None, str(error))
            status = 422
        else:
            said = f"Published as version {version.number}." if version else "There was nothing to publish."
            messages.success(request, said)
            return to_list()
    standing = drafts.standing(desk.draft, chosen)
    context = {
        "form": form,
        "standing": standing,
        "draft": desk.draft,
        "clashes": _clashes(desk.draft, standing.merged, desk.names),
        "errors": _found(desk, "error"),
        "warnings": _found(desk, "warning"),
        "chosen": chosen,
    }
    return render(request, "routing/draft_publish.html", context, status=status)


def _found(desk: Desk, level: str) -> list[tuple[str, str]]:
    """The findings of one level, as (name of the rule or "", text)."""
    names = {rule["key"]: rule["name"] for rule in desk.content["rules"]}
    return [(names.get(one.rule, ""), one.text) for one in desk.findings() if one.level == level]


@require_POST
@login_required
def draft_update(request: HttpRequest) -> HttpResponse:
    """Takes into the draft what others published meanwhile."""
    user = rule_editor_of(request)
    try:
        drafts.bring_up_to_date(user, timezone.now(), _chosen(request))
    except RuleDraft.DoesNotExist:
        return to_list()
    except drafts.Clashes:
        messages.error(request, "Others changed the same rules: say which counts.")
        return redirect("routing:draft_publish")
    messages.success(request, "Your draft has what others published.")
    return to_list()


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Which side counts, by what clashes."""
    return {
        name.removeprefix("choose-"): value
        for name, value in request.POST.items()
        if name.startswith("choose-") and value in ("mine", "theirs")
    }


def _clashes(draft: RuleDraft, merged: dict[str, Any], known: dict[str, str]) -> list[dict[str, Any]]:
    """What clashes while nothing is chosen."""
    return [_shown(clash, merged, known) for clash in drafts.standing(draft).clashes]


def _shown(clash: Clash, merged: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """A clash for people: what it is about, and both sides in a line."""
    names = {rule["key"]: rule["name"] for rule in merged["rules"]}
    if clash.key == DEFAULT:
        sides = [side["department_name"] if side else "none" for side in (clash.mine, clash.theirs)]
        return {"key": clash.key, "what": "Where everything else goes", "mine": sides[0], "theirs": sides[1]}
    if clash.key == ORDER:
        sides = [", ".join(names.get(key, "…") for key in side[:12]) for side in (clash.mine, clash.theirs)]
        return {"key": clash.key, "what": "The order of the rules", "mine": sides[0], "theirs": sides[1]}
    name = (clash.mine or clash.theirs)["name"]
    return {
        "key": clash.key,
        "what": f"“{name}”",
        "mine": _line(clash.mine, known),
        "theirs": _line(clash.theirs, known),
    }


def _line(rule: dict[str, Any] | None, known: dict[str, str]) -> str:
    if rule is None:
        return "Deleted"
    off = "" if rule.get("enabled", True) else " (switched off)"
    said = summary(rule["condition"], names=known)
    return f"{rule['name']}: {said} → {rule.get('department_name') or rule['department']}{off}"
