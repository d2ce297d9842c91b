"""Pages of the word lists: everyone reads them, who may change their rules edits them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from routing.conditions.word_lists import all_words
from routing.pages.requests import denied_as_404, form_view, user_of
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rule_editor.requests import DRAFT_NOTE, open_worksheet
from routing.rule_editor.worksheet import Worksheet, load_worksheet
from routing.rules import drafts
from routing.word_lists import editing, usage
from routing.word_lists.editing import WordListGone, WordListInUse
from routing.word_lists.forms import WordListForm
from routing.word_lists.page import (
    describe_further_conditions,
    fingerprint,
    list_changes,
    list_rows,
    may_edit_list,
    try_sentence,
    using_rows,
)


@require_safe
@login_required
def word_lists(request: HttpRequest) -> HttpResponse:
    """Show all word lists with the rules that use them."""
    worksheet = load_worksheet(user_of(request))
    context = {"rows": list_rows(worksheet), "may_edit": worksheet.may_edit, "draft": worksheet.draft}
    return render(request, "routing/word_lists/word_lists.html", context)


@form_view
@login_required
def word_list_new(request: HttpRequest) -> HttpResponse:
    """Show an empty form; posting it adds a word list."""
    worksheet = open_worksheet(request)
    form = WordListForm(request.POST if request.method == "POST" else None, None, "")
    if request.method == "POST" and "try" not in request.POST and form.is_valid():
        key = _save(request, worksheet, form, "")
        if key:
            return redirect("routing:word_list_edit", key)
    return _render_form(request, worksheet, form, "")


@form_view
@login_required
def word_list_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Show one word list; posting changes it, in the draft or live.

    Those who may not change it see the same page and cannot post.
    """
    worksheet = load_worksheet(user_of(request))
    word_list = worksheet.word_lists.get(key)
    if word_list is None or (request.method == "POST" and not may_edit_list(worksheet, key)):
        raise Http404
    form = WordListForm(request.POST if request.method == "POST" else None, word_list, fingerprint(word_list))
    if request.method == "POST" and "try" not in request.POST and form.is_valid():
        if form.cleaned_data["mark"] not in ("", fingerprint(word_list)):
            form.add_error(
                None,
                "Somebody changed this list in the meantime. What you typed is kept: compare it with the versions, and save "
                "again to put yours in its place.",
            )
            form.mark_as_seen(fingerprint(word_list))
        elif _save(request, worksheet, form, key):
            return redirect("routing:word_list_edit", key)
    return _render_form(request, worksheet, form, key)


def _save(request: HttpRequest, worksheet: Worksheet, form: WordListForm, key: str) -> str:
    """Save what was typed and return the key.

    Returns "" when it was refused; the form then says why.
    """
    user, note, now = worksheet.user, form.cleaned_data["note"], timezone.now()
    try:
        with denied_as_404():
            begins_draft = "draft" in request.POST
            if begins_draft:
                drafts.begin_rule_draft(user, now)
                request.session[DRAFT_NOTE] = note
            if key:
                editing.change_word_list(key, form.typed_list, user, note, now)
            else:
                key = editing.add_word_list(form.typed_list, user, note, now)
    except RuleSetError as error:
        form.add_error(None, str(error))
        return ""
    place = "in your draft" if worksheet.draft or begins_draft else "saved and live"
    messages.success(request, f"“{form.cleaned_data['name']}” is {place}.")
    return key


def _render_form(request: HttpRequest, worksheet: Worksheet, form: WordListForm, key: str) -> HttpResponse:
    is_trial = "try" in request.POST
    is_refused = form.is_bound and not is_trial
    text = request.POST.get("try_text", "")[:20_000]
    word_list = worksheet.word_lists.get(key)
    further = describe_further_conditions(word_list) if word_list else ""
    context: dict[str, Any] = {
        "form": form,
        "key": key,
        "name": worksheet.word_lists[key]["name"] if key else "",
        "draft": worksheet.draft,
        "may_edit": may_edit_list(worksheet, key) if key else True,
        "rules": using_rows(worksheet, key) if key else [],
        "changes": list_changes(key) if key else [],
        "is_refused": is_refused,
        "further": further,
        "opens_further": bool(further and word_list and not all_words(word_list)),
        "try_text": text,
        "can_count": bool(key and usage.recent_words_readers),
    }
    if key and "counts" in request.GET:
        keys = [str(row["key"]) for row in context["rules"]]
        context["usage"] = usage.read_usage(worksheet.word_lists[key], keys, worksheet.user, timezone.now())
    if is_trial and text.strip() and form.is_valid():
        context["tried"] = try_sentence(worksheet, key or "new", form.typed_list, text)
    return render(
        request, "routing/word_lists/word_list_edit.html", context, status=422 if is_refused else 200
    )


@form_view
@login_required
def word_list_delete(request: HttpRequest, key: str) -> HttpResponse:
    """Ask whether to delete a word list; posting does so. Refused while rules use it."""
    worksheet = open_worksheet(request)
    if key not in worksheet.word_lists or not may_edit_list(worksheet, key):
        raise Http404
    if request.method != "POST":
        context = {
            "key": key,
            "name": worksheet.word_lists[key]["name"],
            "rules": using_rows(worksheet, key),
            "draft": worksheet.draft,
        }
        return render(request, "routing/word_lists/word_list_delete.html", context)
    try:
        with denied_as_404():
            name = editing.delete_word_list(key, worksheet.user, timezone.now())
    except WordListInUse as error:
        messages.error(request, str(error))
        return redirect("routing:word_list_delete", key)
    except WordListGone as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The word list “{name}” is deleted. The versions of the rules keep it.")
    return redirect("routing:word_lists")


@require_POST
@login_required
def word_list_restore(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Bring a word list back as it was in a version."""
    worksheet = open_worksheet(request)
    if not may_edit_list(worksheet, key):
        raise Http404
    try:
        name = editing.restore_word_list(key, number, worksheet.user, timezone.now())
    except EditNotPermitted:
        raise Http404 from None
    except RuleSetError as error:
        messages.error(request, str(error))
        return redirect("routing:word_lists")
    messages.success(request, f"“{name}” is as it was in version {number}.")
    return redirect("routing:word_list_edit", key)
