"""The draft of the person who is signed in: begun, compared with what is live, published or thrown away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from routing.conditions.wording import summarize_condition
from routing.models import RuleDraft
from routing.pages.requests import denied_as_404, form_view
from routing.refusals import RuleSetError
from routing.rule_editor.forms import PublishDraftForm
from routing.rule_editor.redirects import redirect_to_rule_list
from routing.rule_editor.views import require_rule_editor
from routing.rule_editor.worksheet import Worksheet, load_worksheet
from routing.rules import drafts
from routing.rules.merging import DEFAULT_KEY, ORDER_KEY, Clash


@require_POST
@login_required
def draft_begin(request: HttpRequest) -> HttpResponse:
    """Begins a draft; nothing when there is one."""
    with denied_as_404():
        drafts.begin_rule_draft(require_rule_editor(request), timezone.now())
    messages.success(request, "You are working on a draft: nothing is live before you publish it.")
    return redirect_to_rule_list()


@require_POST
@login_required
def draft_discard(request: HttpRequest) -> HttpResponse:
    """Throws the draft away."""
    if drafts.discard_rule_draft(require_rule_editor(request)):
        messages.success(request, "The draft is thrown away. The live rules are as they were.")
    return redirect_to_rule_list()


@form_view
@login_required
def draft_publish(request: HttpRequest) -> HttpResponse:
    """What publishing would change, what is wrong or clashes; posting publishes."""
    user = require_rule_editor(request)
    desk = load_worksheet(user)
    if desk.draft is None:
        if request.method == "POST":
            messages.info(request, "There is no draft (any more): it was published or thrown away.")
        return redirect_to_rule_list()
    form = PublishDraftForm(request.POST or None)
    chosen = _chosen_sides(request)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            version = drafts.publish_rule_draft(user, form.cleaned_data["note"], timezone.now(), chosen)
        except RuleDraft.DoesNotExist:
            return redirect_to_rule_list()
        except drafts.DraftClashError:
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
            return redirect_to_rule_list()
    standing = drafts.draft_status(desk.draft, chosen)
    context = {
        "form": form,
        "standing": standing,
        "draft": desk.draft,
        "clashes": _describe_clashes(desk.draft, standing.merged, desk.names),
        "errors": _findings_of_level(desk, "error"),
        "warnings": _findings_of_level(desk, "warning"),
        "chosen": chosen,
    }
    return render(request, "routing/rule_editor/draft_publish.html", context, status=status)


def _findings_of_level(desk: Worksheet, level: str) -> list[tuple[str, str]]:
    """The findings of one level, as (name of the rule or "", text)."""
    names = {rule["key"]: rule["name"] for rule in desk.content["rules"]}
    return [(names.get(one.rule, ""), one.text) for one in desk.findings() if one.level == level]


@require_POST
@login_required
def draft_update(request: HttpRequest) -> HttpResponse:
    """Takes into the draft what others published meanwhile."""
    user = require_rule_editor(request)
    try:
        drafts.rebase_rule_draft(user, timezone.now(), _chosen_sides(request))
    except RuleDraft.DoesNotExist:
        return redirect_to_rule_list()
    except drafts.DraftClashError:
        messages.error(request, "Others changed the same rules: say which counts.")
        return redirect("routing:draft_publish")
    messages.success(request, "Your draft has what others published.")
    return redirect_to_rule_list()


def _chosen_sides(request: HttpRequest) -> dict[str, str]:
    """Which side counts, by what clashes."""
    return {
        name.removeprefix("choose-"): value
        for name, value in request.POST.items()
        if name.startswith("choose-") and value in ("mine", "theirs")
    }


def _describe_clashes(
    draft: RuleDraft, merged: dict[str, Any], known: dict[str, str]
) -> list[dict[str, Any]]:
    """What clashes while nothing is chosen."""
    return [_describe_clash(clash, merged, known) for clash in drafts.draft_status(draft).clashes]


def _describe_clash(clash: Clash, merged: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """A clash for people: what it is about, and both sides in a line."""
    names = {rule["key"]: rule["name"] for rule in merged["rules"]}
    if clash.key == DEFAULT_KEY:
        sides = [side["department_name"] if side else "none" for side in (clash.mine, clash.theirs)]
        return {"key": clash.key, "what": "Where everything else goes", "mine": sides[0], "theirs": sides[1]}
    if clash.key == ORDER_KEY:
        sides = [", ".join(names.get(key, "…") for key in side[:12]) for side in (clash.mine, clash.theirs)]
        return {"key": clash.key, "what": "The order of the rules", "mine": sides[0], "theirs": sides[1]}
    name = (clash.mine or clash.theirs)["name"]
    return {
        "key": clash.key,
        "what": f"“{name}”",
        "mine": _describe_clash_side(clash.mine, known),
        "theirs": _describe_clash_side(clash.theirs, known),
    }


def _describe_clash_side(rule: dict[str, Any] | None, known: dict[str, str]) -> str:
    if rule is None:
        return "Deleted"
    off = "" if rule.get("enabled", True) else " (switched off)"
    said = summarize_condition(rule["condition"], names=known)
    return f"{rule['name']}: {said} → {rule.get('department_name') or rule['department']}{off}"
