"""The tables of reports: what is kept so that numbers are shown quickly.

May import: nothing of this room.
A new table is a module here, with a migration.
"""

from reports.models.rollups import Cell, ChangedCase, Fact, FactKind, RollupState

__all__ = ["Cell", "ChangedCase", "Fact", "FactKind", "RollupState"]
