"""The models of this room, by subject."""

from routing.models.calendars import Calendar, CalendarVersion, SLAPolicy, SLAVersion
from routing.models.drafts import RuleDraft
from routing.models.learning import (
    DismissedRule,
    ExampleSource,
    LearningMode,
    LearningSetting,
    RouterTraining,
    RouterVersion,
    RoutingExample,
    TrainingState,
    VersionState,
)
from routing.models.playbook import Playbook, PlaybookVersion
from routing.models.rules import Priority, RoutingDefault, Rule, RuleSetVersion

__all__ = [
    "Calendar",
    "CalendarVersion",
    "DismissedRule",
    "ExampleSource",
    "LearningMode",
    "LearningSetting",
    "Playbook",
    "PlaybookVersion",
    "Priority",
    "RouterTraining",
    "RouterVersion",
    "RoutingDefault",
    "RoutingExample",
    "Rule",
    "RuleDraft",
    "RuleSetVersion",
    "SLAPolicy",
    "SLAVersion",
    "TrainingState",
    "VersionState",
]
