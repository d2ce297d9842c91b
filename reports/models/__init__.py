"""The tables of reports: what is kept so that numbers are shown quickly, and what was imported.

May import: nothing of this room.
A new table is a module here, with a migration.
"""

from reports.models.account_figures import AccountFigures
from reports.models.export_files import UNFINISHED, ExportFile, ExportPart, ExportState
from reports.models.history import (
    WORKING_STATES,
    HistoryFilePart,
    HistoryImport,
    ImportedConversation,
    ImportReject,
    ImportState,
    StagedRow,
)
from reports.models.rollups import Cell, ChangedCase, Fact, FactKind, RollupState
from reports.models.saved import (
    Cadence,
    DeliveryState,
    ReportDelivery,
    ReportLink,
    ReportSchedule,
    SavedReport,
)
from reports.models.topics import CaseTopics, CaseToRead, CustomerLink, RisingTopic, TopicAlert, TopicWeek

__all__ = [
    "UNFINISHED",
    "WORKING_STATES",
    "AccountFigures",
    "Cadence",
    "CaseToRead",
    "CaseTopics",
    "Cell",
    "ChangedCase",
    "CustomerLink",
    "DeliveryState",
    "ExportFile",
    "ExportPart",
    "ExportState",
    "Fact",
    "FactKind",
    "HistoryFilePart",
    "HistoryImport",
    "ImportReject",
    "ImportState",
    "ImportedConversation",
    "ReportDelivery",
    "ReportLink",
    "ReportSchedule",
    "RisingTopic",
    "RollupState",
    "SavedReport",
    "StagedRow",
    "TopicAlert",
    "TopicWeek",
]
