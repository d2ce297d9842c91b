"""People, for administrators: names, roles, departments, grants, and access."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import Leave, User
from accounts.people import verbs
from accounts.people.forms import UserForm
from accounts.roster import planning
from accounts.working_time import presence
from accounts.working_time.forms import LeaveForm, WorkForm, language_name
from wording.times import optional_relative_time


@require_safe
@require_action("users")
def user_list(request: SignedInRequest) -> HttpResponse:
    """List everybody: people who can sign in first, then those who left."""
    users = User.objects.prefetch_related("departments", "skills")
    users = users.order_by("first_name", "last_name", "username")
    now = timezone.now()
    leaves = {leave.user_id: leave for leave in Leave.objects.covering(presence.local_date(now))}
    context = {
        "active": [
            {
                "user": user,
                "seen": optional_relative_time(user.last_seen_at or user.last_login, now),
                "standing": presence.presence_status(user, now, leaves.get(user.pk)),
                "can": ", ".join([*map(language_name, user.languages), *map(str, user.skills.all())]),
            }
            for user in users
            if user.is_active
        ],
        "left": [user for user in users if not user.is_active],
    }
    return render(request, "accounts/people/user_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("users")
@require_recent_sign_in
def user_new(request: SignedInRequest) -> HttpResponse:
    """Add a person.

    Afterwards their page offers a link for setting a password.
    """
    form = UserForm(request.POST if request.method == "POST" else None, by=request.user)
    if form.is_valid():
        user = verbs.save_user(form.save(commit=False), form.cleaned_data["departments"], form.grants())
        messages.success(request, f"{user} is added. Make a password link for them to sign in with.")
        _warn_without_access(request, form)
        return redirect("accounts:user_edit", user.pk)
    return render(request, "accounts/people/user_edit.html", {"form": form, "person": None})


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("users")
@require_recent_sign_in
def user_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a person.

    A changed role signs them out everywhere. A change that takes open cases from them needs confirmation
    (`losing`).
    """
    person = get_object_or_404(User, pk=pk)
    form = UserForm(request.POST if request.method == "POST" else None, instance=person, by=request.user)
    if form.is_valid():
        losing = verbs.describe_work_at_stake(person, form.build_case_access())
        if losing and request.POST.get("losing") != "agreed":
            return render_person(request, User.objects.get(pk=pk), form=form, losing=losing)
        try:
            release_words = verbs.save_user_and_release_work(
                form.save(commit=False),
                form.cleaned_data["departments"],
                form.grants(),
                by=request.user,
                now=timezone.now(),
            )
        except verbs.PeopleChangeRefused as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"{person} saved. {release_words}".strip())
            _warn_without_access(request, form)
            return redirect("accounts:user_edit", pk)
    return render_person(request, User.objects.get(pk=pk), form=form)


def _warn_without_access(request: SignedInRequest, form: UserForm) -> None:
    if form.access_hint:
        messages.warning(request, form.access_hint)


def work_context(
    person: User, *, work: WorkForm | None = None, leave: LeaveForm | None = None
) -> dict[str, Any]:
    """Return the template context of `accounts/people/_work.html`, and how available the person is."""
    now = timezone.now()
    leaves = list(person.leaves.ending_from(presence.local_date(now)).select_related("substitute"))
    running = next((entry for entry in leaves if entry.starts_on <= presence.local_date(now)), None)
    return {
        "person": person,
        "work": work or WorkForm(instance=person),
        "leave": leave or LeaveForm(person=person),
        "leaves": leaves,
        "standing": presence.presence_status(person, now, running),
    }


def render_person(
    request: SignedInRequest,
    person: User,
    *,
    form: UserForm | None = None,
    work: WorkForm | None = None,
    leave: LeaveForm | None = None,
    losing: str = "",
) -> HttpResponse:
    """Render the page of a person.

    At most one of the forms is passed: the one with errors, with its input. `losing` describes the open cases
    that the change would take from them; the page then asks for confirmation.
    """
    context = {
        **work_context(person, work=work, leave=leave),
        "form": form or UserForm(instance=person, by=request.user),
        "losing": losing,
        "is_self": person == request.user,
    }
    return render(request, "accounts/people/user_edit.html", context)


@require_safe
@require_action("users")
def user_leaving(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for confirmation before a person is deactivated.

    Shows what will happen to their open cases, and which rosters name them.
    """
    person = get_object_or_404(User, pk=pk, is_active=True)
    if person == request.user:
        messages.error(request, verbs.NOT_ONESELF)
        return redirect("accounts:user_edit", pk)
    context = {
        "person": person,
        "at_stake": verbs.describe_work_at_stake(person, None),
        "rosters": planning.rosters_naming(person, presence.local_date(timezone.now())),
    }
    return render(request, "accounts/people/user_leaving.html", context)


@require_POST
@require_action("users")
@require_recent_sign_in
def switch_user_active(request: SignedInRequest, pk: int) -> HttpResponse:
    """Deactivate or reactivate a person.

    `active` is "0" to deactivate, "1" to reactivate.
    """
    person = get_object_or_404(User, pk=pk)
    active = request.POST.get("active")
    if active not in ("0", "1"):
        raise Http404
    try:
        if active == "1":
            verbs.reactivate_user(person)
            messages.success(request, f"{person} can sign in again.")
        else:
            release_words = verbs.deactivate_user(person, by=request.user, now=timezone.now())
            done = f"{person} is signed out everywhere and cannot sign in any more."
            messages.success(request, f"{done} {release_words}".strip())
    except verbs.PeopleChangeRefused as error:
        messages.error(request, str(error))
    return redirect("accounts:user_edit", pk)


@require_POST
@require_action("users")
@require_recent_sign_in
def user_password_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the link for setting a new password, this once.

    The old password works until they do.
    """
    person = get_object_or_404(User, pk=pk, is_active=True)
    link = request.build_absolute_uri(verbs.make_password_path(person))
    return render(request, "accounts/people/user_password_link.html", {"person": person, "link": link})


@require_POST
@require_action("users")
@require_recent_sign_in
def user_sign_out(request: SignedInRequest, pk: int) -> HttpResponse:
    """End all sessions of a person."""
    person = get_object_or_404(User, pk=pk)
    verbs.end_sessions(person)
    messages.success(request, f"{person} is signed out everywhere.")
    return redirect("accounts:user_edit", pk)
