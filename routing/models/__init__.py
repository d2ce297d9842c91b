"""The models of routing, by subject.

May import: accounts' models; nothing else of routing.
A new table is a model in the module of its subject; versions are append-only.
"""

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
from routing.models.rules import Priority, RoutingDefault, Rule, RuleSetVersion, WordList

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
    "WordList",
]
