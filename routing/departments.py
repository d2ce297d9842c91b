"""Objections to closing a department. `accounts.people.verbs` asks for them before it closes one."""

from __future__ import annotations

from accounts.models import Department
from routing.models import RoutingDefault, Rule, SLAPolicy
from routing.playbook.tree import Action, parse_playbook
from routing.playbook.versions import live_playbook


def objection_to_closing(department: Department) -> str:
    """Return a sentence about what still leads to a department.

    "" when no rule, default, policy or playbook outcome does, so that it may be closed.
    """
    rule = Rule.objects.filter(enabled=True, department=department).first()
    if rule is not None:
        return f"The rule “{rule.name}” leads to {department}. Change it or switch it off first."
    if RoutingDefault.objects.filter(department=department).exists():
        return f"Messages that no rule matches go to {department}. Choose another default first."
    moving = SLAPolicy.objects.filter(enabled=True, steps__contains=[{"move_to": department.slug}]).first()
    if moving is not None:
        return f"The policy “{moving}” moves overdue cases to {department}. Change it or switch it off first."
    version = live_playbook()
    for outcome in parse_playbook(version.snapshot).outcomes.values() if version else ():
        if outcome.action == Action.HAND_OVER and outcome.department == department.slug:
            return f"The playbook hands over to {department} (“{outcome.name}”). Change that first."
    return ""
