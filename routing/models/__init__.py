"""The models of this room, by subject."""

from routing.models.calendars import Calendar, CalendarVersion, SLAPolicy, SLAVersion
from routing.models.rules import Priority, RoutingDefault, Rule, RuleSetVersion

__all__ = [
    "Calendar",
    "CalendarVersion",
    "Priority",
    "RoutingDefault",
    "Rule",
    "RuleSetVersion",
    "SLAPolicy",
    "SLAVersion",
]
