"""The pages of the learned router, for administrators and managers.

They show what it has learned, how good it is and what it may decide. What holds for the whole company an administrator
decides; from when on it decides alone for a department, its managers.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from routing.classifier.router import BadArrays
from routing.learning import page, router_versions, suggested_rules, trainings
from routing.models import LearningMode, RouterTraining, RouterVersion, RoutingExample
from routing.refusals import RuleSetError
from routing.rule_editor.requests import redirect_to_rule_list
from routing.rules import drafts
from routing.scope import EditScope, edit_scope_of
from wording.times import relative_time

#: The number of examples on a page.
EXAMPLES_PER_PAGE = 50


@require_safe
@require_action("learn")
def learning(request: SignedInRequest) -> HttpResponse:
    """Show the active version, the examples, the versions and the suggested rules."""
    now, names = timezone.now(), page.department_names_by_slug()
    rows, taught = page.version_rows(now), page.examples_by_department(names)
    scope = edit_scope_of(request.user)
    suggestions = [
        suggestion
        for suggestion in suggested_rules.list_suggested_rules()
        if scope.covers(suggestion.department.slug)
    ]
    context = {
        "state": page.learning_state(rows, sum(row.count for row in taught)),
        "versions": rows,
        "taught": taught,
        "suggested": suggested_rules.filter_readable_suggestions(suggestions, request.user),
        "may_switch": viewer(request.user).may("switch_router"),
    }
    return render(request, "routing/learning/learning.html", context)


@require_safe
@require_action("learn")
def learning_progress(request: SignedInRequest) -> HttpResponse:
    """Show the progress of the training on a page that polls.

    When the training is over, the whole page is reloaded.
    """
    training = RouterTraining.objects.order_by("-pk").first()
    if training is None or not training.is_going_on:
        over: HttpResponse = HttpResponseClientRefresh() if request.htmx else redirect("routing:learning")
        return over
    return render(request, "routing/learning/_training.html", {"training": training})


@require_POST
@require_action("switch_router")
def learning_train(request: SignedInRequest) -> HttpResponse:
    """Request a training; a worker runs it."""
    trainings.request_training(request.user, timezone.now())
    messages.success(request, "Training begins within seconds. This page shows the progress.")
    return redirect("routing:learning")


@require_POST
@require_action("switch_router")
def learning_mode(request: SignedInRequest) -> HttpResponse:
    """Set the mode: activate new versions automatically, pin, or learning off."""
    mode = request.POST.get("mode", "")
    if mode not in LearningMode.values:
        messages.error(request, "Not changed. Choose one of the three.")
    else:
        router_versions.set_learning_mode(LearningMode(mode))
        messages.success(request, f"{LearningMode(mode).label}.")
    return redirect("routing:learning")


@require_safe
@require_action("learn")
def learning_version(request: SignedInRequest, number: int) -> HttpResponse:
    """Show one version: its figures, its confusion table, and a comparison of thresholds."""
    version = get_object_or_404(
        RouterVersion.objects.defer("arrays").select_related("created_by"), number=number
    )
    names, metrics = page.department_names_by_slug(), version.metrics
    heads, rows = page.confusion_table(metrics, names)
    thresholds = router_versions.get_learning_setting().thresholds
    rows_of_thresholds = page.threshold_rows(metrics, thresholds, names, edit_scope_of(request.user))
    context: dict[str, Any] = {
        "version": version,
        "made": relative_time(version.created_at, timezone.now()),
        "figures": {
            name: page.percent_or_dash(metrics[name])
            for name in ("accuracy", "rules_accuracy", "best_two", "surest_40")
        },
        "heads": heads,
        "confusion": rows,
        "compared": page.COMPARED_THRESHOLDS,
        "thresholds": rows_of_thresholds,
        "may_set": any(row.options for row in rows_of_thresholds),
        "may_switch": viewer(request.user).may("switch_router"),
    }
    return render(request, "routing/learning/learning_version.html", context)


@require_POST
@require_action("switch_router")
def learning_activate(request: SignedInRequest, number: int) -> HttpResponse:
    """Activate this version and pin it."""
    try:
        router_versions.activate_router_version(number)
    except RouterVersion.DoesNotExist:
        raise Http404 from None
    except BadArrays as error:
        messages.error(request, f"Not changed: version {number} cannot be read. {error}")
    else:
        messages.success(
            request, f"Version {number} is in use and pinned until you let newer ones take over."
        )
    return redirect("routing:learning")


@require_POST
@require_action("learn")
def learning_thresholds(request: SignedInRequest) -> HttpResponse:
    """Save the thresholds of the person's departments.

    The fields are named by slug; values are percentages from which the router decides alone. 404 for a department that
    is not theirs.
    """
    slugs = page.department_names_by_slug()
    typed = {slug: request.POST[slug] for slug in slugs if slug in request.POST}
    if not typed or not edit_scope_of(request.user).covers_all(typed):
        raise Http404
    percents = {
        slug: int(text)
        for slug, text in typed.items()
        if text.isascii() and text.isdecimal() and len(text) < 4
    }
    if len(percents) != len(typed) or any(not 30 <= percent <= 101 for percent in percents.values()):
        messages.error(request, "Not saved: a threshold is between 30 and 100%, or never.")
    else:
        for slug, percent in percents.items():
            router_versions.set_threshold(slug, percent / 100)
        messages.success(request, "The thresholds are saved and in use.")
    number = request.POST.get("version", "")
    if number.isascii() and number.isdecimal() and len(number) < 9:
        return redirect("routing:learning_version", number)
    return redirect("routing:learning")


@require_safe
@require_action("learn")
def learning_examples(request: SignedInRequest) -> HttpResponse:
    """Show the examples, newest first.

    `?department=` filters by slug, `?before=ID` requests the next page.
    """
    names = page.department_names_by_slug()
    rows = RoutingExample.objects.visible_to(request.user).select_related("by").order_by("-pk")
    department, before = request.GET.get("department", ""), request.GET.get("before", "")
    if department in names:
        rows = rows.filter(department=department)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    examples, now = list(rows[: EXAMPLES_PER_PAGE + 1]), timezone.now()
    context = {
        "rows": [
            (example, names.get(example.department, example.department), relative_time(example.at, now))
            for example in examples[:EXAMPLES_PER_PAGE]
        ],
        "older": examples[EXAMPLES_PER_PAGE - 1].pk if len(examples) > EXAMPLES_PER_PAGE else None,
        "departments": sorted(names.items(), key=lambda item: item[1].casefold()),
        "department": department if department in names else "",
    }
    return render(request, "routing/learning/learning_examples.html", context)


@require_POST
@require_action("learn")
def learning_example_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete an example, so that later trainings do not use it."""
    get_object_or_404(RoutingExample.objects.visible_to(request.user), pk=pk).delete()
    messages.success(request, "Removed. The next training leaves it out.")
    return redirect("routing:learning_examples")


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("learn")
def learning_suggested(request: SignedInRequest) -> HttpResponse:
    """Show what a suggested rule would catch (`words`, `department`).

    Posting accepts it, or with `dismiss` dismisses it.
    """
    data = request.POST if request.method == "POST" else request.GET
    suggestion = suggested_rules.find_suggested_rule(data.get("words", ""), data.get("department", ""))
    if suggestion is None:
        messages.info(
            request, "That suggestion is gone: somebody has dealt with it, or corrections have changed."
        )
        return redirect("routing:learning")
    scope, now = edit_scope_of(request.user), timezone.now()
    is_readable = bool(suggested_rules.filter_readable_suggestions([suggestion], request.user))
    if not scope.covers(suggestion.department.slug) or not is_readable:
        raise Http404
    if request.method != "POST":
        return _show_suggestion(request, suggestion, scope, now)
    if "dismiss" in request.POST:
        suggested_rules.dismiss_suggested_rule(suggestion, request.user, now)
        messages.success(request, f"“{suggestion.words}” will not be suggested again.")
        return redirect("routing:learning")
    try:
        rule = suggested_rules.accept_suggested_rule(suggestion, request.user, now)
    except RuleSetError as error:
        messages.error(request, f"Rule not created: {error}")
        return redirect("routing:learning")
    where = "in your draft" if drafts.find_rule_draft(request.user) else "live"
    messages.success(request, f"“{rule.name}” is a rule now, {where} at place {rule.position}.")
    return redirect_to_rule_list(rule.key)


def _show_suggestion(
    request: SignedInRequest, suggestion: suggested_rules.SuggestedRule, scope: EditScope, now: dt.datetime
) -> HttpResponse:
    """Show a suggestion with the examples and recent messages it would catch.

    The examples are split into those it would catch rightly and wrongly.
    """
    right, wrong = suggested_rules.examples_with_words(suggestion, request.user)
    caught = [look(suggestion.words, request.user, now) for look in suggested_rules.caught_message_finders]
    context = {
        "suggestion": suggestion,
        "right": right,
        "wrong": wrong,
        "caught": caught[0] if caught else None,
        "place": _describe_place(suggestion, scope),
    }
    return render(request, "routing/learning/learning_suggested.html", context)


def _describe_place(suggestion: suggested_rules.SuggestedRule, scope: EditScope) -> str:
    """Return a sentence about the place where the rule would go."""
    if not suggestion.overruled:
        return "No rule took them, so this one would come after all others."
    try:
        conflicting = suggested_rules.conflicting_rules(suggestion)
    except RuleSetError:
        conflicting = []
    if not conflicting:
        return "The rule that took them is gone, so this one would come after all others."
    near = "" if scope.is_company_wide else ", or as near above it as you may put it"
    return f"“{conflicting[0].name}” took some of them, so this one would come right before it{near}."
