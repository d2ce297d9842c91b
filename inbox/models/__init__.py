"""The models of the inbox, by subject.

May import: accounts, routing's models and visibility; nothing else of inbox. A new table is a model in the module of
its subject. Facts about a single row are its methods; code that touches two tables is not.
"""

from inbox.models.approval import Approval, ApprovalRule, ApprovalState, Approver, Ramp
from inbox.models.bulk import BulkAct, BulkItem, BulkItemState, BulkState, BulkVerb
from inbox.models.canned_answer import CannedAnswer, CannedScope, CannedText, CannedUse
from inbox.models.case import MERGED_PREFIX, SPAM_DEPARTMENT, Case, Status
from inbox.models.case_event import CaseEvent, Verb
from inbox.models.case_parts import SnoozeFor, Unsent, WokeBy
from inbox.models.count import CaseCount
from inbox.models.custody import Custody
from inbox.models.customer import ERASED_PREFIX, Customer, Identity
from inbox.models.escalation import Escalation, Sweep
from inbox.models.learning_item import (
    AnswerRound,
    AnswerState,
    ItemDecision,
    ItemState,
    LearningEvent,
    LearningItem,
    LearningLink,
    LearningVerb,
    PlannedAnswer,
    RepeatsBy,
    RoundState,
)
from inbox.models.macro import Macro, MacroRun, StepKind
from inbox.models.message import Decision, Direction, Message, MessageCorrection, Quarantined
from inbox.models.notice import (
    DigestRhythm,
    Notice,
    NoticeChoice,
    NoticedCase,
    NoticeKind,
    NoticeMail,
    NoticeSettings,
    NoticeWay,
)
from inbox.models.preview import PreviewState, RulePreview
from inbox.models.reply import LIVE_STATES, Draft, EarlyAnswer, Reply, ReplyState
from inbox.models.retention import Erasure, RetentionRun, RetentionSetting
from inbox.models.saved_view import OpeningList, SavedView, ViewPlace, ViewScope
from inbox.models.suggestion import CasePlaybook, RoutingSuggestion, SecondLook, SuggestionState
from inbox.models.watch import Reminder, Watch
from inbox.visibility import Visibility

__all__ = [
    "ERASED_PREFIX",
    "LIVE_STATES",
    "MERGED_PREFIX",
    "SPAM_DEPARTMENT",
    "AnswerRound",
    "AnswerState",
    "Approval",
    "ApprovalRule",
    "ApprovalState",
    "Approver",
    "BulkAct",
    "BulkItem",
    "BulkItemState",
    "BulkState",
    "BulkVerb",
    "CannedAnswer",
    "CannedScope",
    "CannedText",
    "CannedUse",
    "Case",
    "CaseCount",
    "CaseEvent",
    "CasePlaybook",
    "Custody",
    "Customer",
    "Decision",
    "DigestRhythm",
    "Direction",
    "Draft",
    "EarlyAnswer",
    "Erasure",
    "Escalation",
    "Identity",
    "ItemDecision",
    "ItemState",
    "LearningEvent",
    "LearningItem",
    "LearningLink",
    "LearningVerb",
    "Macro",
    "MacroRun",
    "Message",
    "MessageCorrection",
    "Notice",
    "NoticeChoice",
    "NoticeKind",
    "NoticeMail",
    "NoticeSettings",
    "NoticeWay",
    "NoticedCase",
    "OpeningList",
    "PlannedAnswer",
    "PreviewState",
    "Quarantined",
    "Ramp",
    "Reminder",
    "RepeatsBy",
    "Reply",
    "ReplyState",
    "RetentionRun",
    "RetentionSetting",
    "RoundState",
    "RoutingSuggestion",
    "RulePreview",
    "SavedView",
    "SecondLook",
    "SnoozeFor",
    "Status",
    "StepKind",
    "SuggestionState",
    "Sweep",
    "Unsent",
    "Verb",
    "ViewPlace",
    "ViewScope",
    "Visibility",
    "Watch",
    "WokeBy",
]
