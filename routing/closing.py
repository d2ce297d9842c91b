"""Whether a department may be closed. Asked by `accounts.people` before it closes one."""

from __future__ import annotations

from accounts.models import Department
from routing.models import RoutingDefault, Rule


def objection_to_closing(department: Department) -> str:
    """Which rule still sends messages to a department, as a sentence; "" when none does."""
    rule = Rule.objects.filter(enabled=True, department=department).first()
    if rule is not None:
        return f"The rule “{rule.name}” leads to {department}. Change it or switch it off first."
    if RoutingDefault.objects.filter(department=department).exists():
        return f"Messages that no rule takes go to {department}. Choose another default first."
    return ""
