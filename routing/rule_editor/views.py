"""Read-only pages of the rules, for everyone who is signed in.

These are the list, the form to try the rules, and the versions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import viewer
from accounts.models import Department
from routing.facts import Decision
from routing.models import RuleDraft, RuleSetVersion
from routing.pages.requests import user_of
from routing.pages.versions import VersionListSettings, render_version_list
from routing.refusals import RuleSetError
from routing.rule_editor.forms import TryRulesForm
from routing.rule_editor.listing import build_list_context
from routing.rule_editor.trial import build_trial_facts, compile_draft, without_version
from routing.rule_editor.worksheet import Worksheet, load_worksheet
from routing.rules import drafts, versions
from routing.rules.engine import decide, matching_decisions
from routing.rules.history import describe_ruleset_changes
from routing.rules.names import load_display_names


def _list_context(request: HttpRequest, worksheet: Worksheet) -> dict[str, Any]:
    default = worksheet.content["default"]
    return {
        **build_list_context(worksheet, request.GET),
        "default": default and Department.objects.filter(slug=default["department"]).first(),
        "may_edit": worksheet.may_edit,
        "may_edit_default": worksheet.may_edit_default,
        "by_account": worksheet.scope.is_by_account,
        "may_learn": viewer(worksheet.user).may("learn"),
        "may_start": worksheet.scope.is_company_wide,
        "draft": worksheet.draft,
        "standing": worksheet.draft and drafts.draft_status(worksheet.draft),
        "colleagues_drafts": _colleagues_drafts(worksheet),
        "version": RuleSetVersion.objects.select_related("created_by").defer("snapshot").first(),
    }


def _colleagues_drafts(worksheet: Worksheet) -> list[RuleDraft]:
    """Return at most five drafts of colleagues, for editors only.

    They are shown so that editors can talk to each other before they change the same rules.
    """
    if not worksheet.may_edit:
        return []
    return list(RuleDraft.objects.exclude(by=worksheet.user).select_related("by").defer("content")[:5])


@require_safe
@login_required
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show the rules in order, with the form to try them.

    `routing.rule_editor.listing.build_list_context` documents the query parameters.
    """
    context = _list_context(request, load_worksheet(user_of(request))) | {"try_form": TryRulesForm()}
    return render(request, "routing/rule_editor/rule_list.html", context)


@require_POST
@login_required
def rule_try(request: HttpRequest) -> HttpResponse:
    """Show which rule takes a text, and which others match it.

    The user's draft decides while they have one; the page then also says where the live rules send the text. Changes
    nothing.
    """
    form, worksheet = TryRulesForm(request.POST), load_worksheet(user_of(request))
    context = _list_context(request, worksheet) | {"try_form": form}
    if form.is_valid():
        facts = build_trial_facts(**form.cleaned_data)
        try:
            live = versions.live_rules()
            rules = compile_draft(worksheet.draft.content) if worksheet.draft else live
        except RuleSetError as error:
            form.add_error(None, str(error))
        else:
            decisions = [decide(facts, rules), *matching_decisions(facts, rules)[1:6]]
            if worksheet.draft:
                decisions = [without_version(decision) for decision in decisions]
            context |= {"decision": decisions[0], "also_matching": decisions[1:]}
            context["decided_name"] = _department_name(context["decision"])
            if worksheet.draft:
                context["live_name"] = _department_name(decide(facts, live))
    return render(request, "routing/rule_editor/rule_list.html", context)


def _department_name(decision: Decision) -> str:
    name = Department.objects.filter(slug=decision.department).values_list("name", flat=True).first()
    return name or decision.department


@require_safe
@login_required
def rule_versions(request: HttpRequest) -> HttpResponse:
    """Show the versions of the rules: who changed what and when.

    A user may restore a version when they may change everything that restoring it would change.
    """
    worksheet = load_worksheet(user_of(request))
    kind = replace(
        _RULE_VERSION_LIST, describe_changes=partial(describe_ruleset_changes, names=load_display_names())
    )
    return render_version_list(
        request,
        kind,
        lambda content: worksheet.may_edit and worksheet.scope.may_change(worksheet.content, content),
    )


_RULE_VERSION_LIST = VersionListSettings(
    RuleSetVersion,
    describe_ruleset_changes,
    {
        "title": "Versions of the rules",
        "restore": "routing:version_restore",
        "back": "routing:rule_list",
        "back_label": "All rules",
        "none_yet": "No version yet. The first comes with the first rule.",
    },
)
