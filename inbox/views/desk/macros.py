"""The pages of macros: the list, the form of one, archiving and copying."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox.canned_answers.editing import Outdated
from inbox.canned_answers.rights import may_edit, place_of
from inbox.changes.refusals import Invalid
from inbox.macros import editing
from inbox.macros.forms import MacroForm
from inbox.macros.listing import MacroFilterForm, list_page
from inbox.models import Macro, StepKind
from inbox.replies.placeholders import PLACEHOLDERS

_FORM_PAGE = "inbox/macros/macro.html"


@require_safe
@require_action("macros")
def macros(request: SignedInRequest) -> HttpResponse:
    """List the macros that the person can run."""
    form = MacroFilterForm(request.GET)
    chosen = form.chosen
    page, rows = list_page(request.user, chosen, request.GET.get("page", ""))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "rows": rows,
        "page": page,
        "query": query.urlencode(),
        "is_filtered": any(chosen.values()),
    }
    return render(request, "inbox/macros/macros.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("macros")
def macro_new(request: SignedInRequest) -> HttpResponse:
    """Show an empty form; posting it adds a macro."""
    return _show_or_save(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("macros")
def macro(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one macro; posting changes it.

    Who may only run it reads the same page and cannot post.
    """
    shown = _visible(request, pk)
    if request.GET.get("case", "").isdecimal():
        return redirect("inbox:preview_macro", int(request.GET["case"][:17]), shown.pk)
    if request.method == "POST" and not may_edit(request.user, shown):
        raise Http404
    return _show_or_save(request, shown)


def _visible(request: SignedInRequest, pk: int) -> Macro:
    visible = Macro.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("department", "changed_by"), pk=min(pk, 2**62))


def _editable(request: SignedInRequest, pk: int) -> Macro:
    shown = _visible(request, pk)
    if not may_edit(request.user, shown):
        raise Http404
    return shown


def _show_or_save(request: SignedInRequest, shown: Macro | None) -> HttpResponse:
    is_posted = request.method == "POST"
    editable = shown is None or may_edit(request.user, shown)
    form = MacroForm(request.POST if is_posted else None, shown, request.user, may_edit=editable)
    is_saving = is_posted and not form.wants_change
    if is_saving and form.is_sound() and (saved := _save(request, shown, form)):
        messages.success(request, f"“{saved}” is saved. Press M on a case to run it.")
        return redirect("inbox:macro", saved.pk)
    context: dict[str, Any] = {
        "form": form,
        "macro": shown,
        "may_edit": editable,
        "is_refused": is_saving,
        "is_changing": form.wants_change,
        "kinds": StepKind.choices,
        "placeholders": PLACEHOLDERS.items(),
    }
    return render(request, _FORM_PAGE, context, status=422 if is_saving else 200)


def _save(request: SignedInRequest, shown: Macro | None, form: MacroForm) -> Macro | None:
    """Save what was typed; None if it was refused, and the form says why."""
    version = form.cleaned_data["version"] or 0
    try:
        return editing.save_macro(shown, form.typed_macro, request.user, timezone.now(), seen_version=version)
    except Outdated as error:
        form.add_error(None, str(error))
        newest = Macro.objects.filter(pk=shown.pk).values_list("version", flat=True).first() if shown else 0
        form.mark_as_seen(newest or 0)
    except Invalid as error:
        form.add_error(None, str(error))
    return None


@require_POST
@require_action("macros")
def macro_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Archive a macro, with an undo."""
    shown = _editable(request, pk)
    editing.archive_macro(shown, timezone.now())
    undo = reverse("inbox:macro_restore", args=[shown.pk])
    done = f"“{shown}” is archived: nobody is offered it any more. Its counts are kept."
    messages.success(request, done, extra_tags=f"undo-page {undo}")
    return redirect("inbox:macros")


@require_POST
@require_action("macros")
def macro_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    """Restore an archived macro."""
    shown = _editable(request, pk)
    editing.restore_macro(shown)
    messages.success(request, f"“{shown}” can be run again.")
    return redirect("inbox:macros")


@require_POST
@require_action("macros")
def macro_duplicate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Copy a macro and show the copy."""
    shown = _visible(request, pk)
    copy = editing.duplicate_macro(shown, request.user, timezone.now())
    messages.success(request, f"This is the copy: “{copy}”, for {place_of(copy).label.lower()}.")
    return redirect("inbox:macro", copy.pk)
