"""Change the rules of approval, who counts as new, and who may approve: each change is in the audit log.

Administrators change all of it; managers what concerns their own departments and the people in these.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.access import ROLES, viewer
from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, Department, Role, User
from inbox.approval_rules.topics import list_names
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import ApprovalRule, Approver, Ramp

#: Most rules: every answer is compared with those of its department and account.
MOST_RULES = 200


class RuleOutdated(Invalid):
    """Somebody else changed the rule in the meantime; nothing was saved."""


def governed_departments(user: User) -> QuerySet[Department]:
    """Return the departments for which a user keeps rules."""
    if not viewer(user).may("approval_rules"):
        return Department.objects.none()
    if user.role == Role.ADMINISTRATOR:
        return Department.objects.all()
    return Department.objects.filter(pk__in=viewer(user).department_ids)


def may_edit(user: User, rule: ApprovalRule) -> bool:
    """Return whether a user may change a rule."""
    who = viewer(user)
    if not who.may("approval_rules"):
        return False
    return user.role == Role.ADMINISTRATOR or rule.department_id in who.department_ids


def describe_rule(rule: ApprovalRule) -> str:
    """Return which answers a rule is about.

    As a sentence without its full stop.
    """
    words = "Public answers" if rule.public_only else "Answers"
    if rule.department is not None:
        words += f" of {rule.department}"
    if rule.brand_account is not None:
        words += f" as {rule.brand_account.display_name}"
    to = []
    if rule.min_followers is not None:
        to.append(f"with at least {rule.min_followers:,} followers")
    if rule.customer_tag:
        to.append(f"tagged “{rule.customer_tag}”")
    if to:
        words += f" to customers {' and '.join(to)}"
    if rule.case_tag:
        words += f" in cases tagged “{rule.case_tag}”"
    if rule.word_list:
        words += (
            f" when customers write about “{list_names().get(rule.word_list, 'a word list that is gone')}”"
        )
    return words


def save_rule(
    rule: ApprovalRule | None, values: dict[str, Any], by: User, now: dt.datetime, *, seen_version: int = 0
) -> ApprovalRule:
    """Add a rule, or change one. `values` are checked by the form.

    Raises `NotAllowed`, and `RuleOutdated` if it has another version than `seen_version` by now.
    """
    with transaction.atomic():
        before: dict[str, object] = {}
        departments: set[int | None] = set()
        if rule is None:
            if ApprovalRule.objects.count() >= MOST_RULES:
                raise Invalid(f"There are {MOST_RULES} rules already. Delete some first.")
            rule = ApprovalRule(created_at=now)
        else:
            rule = ApprovalRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
            _require_editor(by, rule)
            if rule.version != seen_version:
                raise RuleOutdated(
                    f"{rule.changed_by or 'Somebody'} changed this rule in the meantime. What you chose is kept: "
                    "save again to put it in the place of theirs."
                )
            before, departments = {"Rule": describe_rule(rule)}, {rule.department_id}
            rule.version += 1
        for name, value in values.items():
            setattr(rule, name, value)
        _require_editor(by, rule)
        rule.changed_at, rule.changed_by = now, by
        verb = AuditVerb.APPROVAL_RULE_CHANGED if rule.pk else AuditVerb.APPROVAL_RULE_ADDED
        rule.save()
        words = describe_rule(rule)
        if changes := compare_values(before, {"Rule": words}):
            record_change(verb, words, changes, department_ids=departments | {rule.department_id})
    return rule


def _require_editor(by: User, rule: ApprovalRule) -> None:
    if not may_edit(by, rule):
        raise NotAllowed("You keep rules for your own departments. Choose one of them.")


@transaction.atomic
def switch_rule(rule: ApprovalRule, by: User, now: dt.datetime, *, on: bool) -> bool:
    """Switch a rule on or off; False if it was so already."""
    _require_editor(by, rule)
    rows = ApprovalRule.objects.filter(pk=rule.pk, is_on=not on)
    if not rows.update(is_on=on, changed_at=now, changed_by=by):
        return False
    changes = compare_values({"On": not on}, {"On": on})
    record_change(
        AuditVerb.APPROVAL_RULE_CHANGED, describe_rule(rule), changes, department_ids=[rule.department_id]
    )
    return True


@transaction.atomic
def delete_rule(rule: ApprovalRule, by: User) -> None:
    """Delete a rule. Answers that wait because of it go on waiting."""
    _require_editor(by, rule)
    words, department_id = describe_rule(rule), rule.department_id
    if ApprovalRule.objects.filter(pk=rule.pk).delete()[0]:
        record_change(AuditVerb.APPROVAL_RULE_DELETED, words, department_ids=[department_id])


def people_to_mark(by: User) -> QuerySet[User]:
    """Return the active people whom a user may mark as new."""
    people = User.objects.filter(is_active=True, role__in=ROLES["publish"])
    if by.role != Role.ADMINISTRATOR:
        people = people.filter(Q(memberships__department__in=governed_departments(by))).distinct()
    return people.exclude(pk=by.pk).order_by("first_name", "last_name", "pk")


@transaction.atomic
def set_ramp(person: User, needed: int, by: User, now: dt.datetime) -> Ramp | None:
    """Let a person's next answers need approval until `needed` were approved; 0 ends that.

    A person who is new already keeps what was approved.
    """
    if not people_to_mark(by).filter(pk=person.pk).exists():
        raise NotAllowed("You mark people of your own departments as new, and never yourself.")
    ramp = Ramp.objects.select_for_update().filter(user=person).first()
    was = ramp.needed if ramp is not None and not ramp.is_over else 0
    if not needed:
        Ramp.objects.filter(user=person).delete()
        ramp = None
    elif ramp is None or ramp.is_over:
        start = {"needed": needed, "approved": 0, "started_at": now, "started_by": by}
        ramp, _ = Ramp.objects.update_or_create(user=person, defaults=start)
    else:
        ramp.needed = needed
        ramp.save(update_fields=["needed"])
    if changes := compare_values(
        {"Answers that need approval": was or ""}, {"Answers that need approval": needed or ""}
    ):
        departments = person.memberships.values_list("department_id", flat=True)
        record_change(AuditVerb.RAMP_CHANGED, person, changes, person=person, department_ids=departments)
    return ramp


def people_to_trust(by: User) -> QuerySet[User]:
    """Return the active people who may be given the right to approve."""
    people = User.objects.filter(is_active=True, role__in=ROLES["approve"])
    return people.order_by("first_name", "last_name", "pk")


@transaction.atomic
def set_approver(person: User, department: Department, by: User, now: dt.datetime, *, may: bool) -> bool:
    """Give or take the right to approve answers of a department.

    False if it was so already.
    """
    if not governed_departments(by).filter(pk=department.pk).exists():
        raise NotAllowed("You give that right for your own departments.")
    if may:
        given = {"given_at": now, "given_by": by}
        _, is_changed = Approver.objects.get_or_create(user=person, department=department, defaults=given)
    else:
        is_changed = bool(Approver.objects.filter(user=person, department=department).delete()[0])
    if is_changed:
        before, after = ("", str(department)) if may else (str(department), "")
        changes = compare_values({"Approves for": before}, {"Approves for": after})
        record_change(
            AuditVerb.APPROVER_CHANGED, person, changes, person=person, department_ids=[department.pk]
        )
    return is_changed
