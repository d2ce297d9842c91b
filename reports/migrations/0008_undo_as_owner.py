"""Let the undoing of an import be committed.

The check that a deleted hand-over has its event waits for the end of a transaction. There it runs in the application's role, which
it refuses; so the function that undoes lets it run at once, in the owner's.
"""

from __future__ import annotations

from importlib import import_module

from django.db import migrations

_UNDO = import_module("reports.migrations.0006_undo").UNDO
_DELETION = "  DELETE FROM inbox_custody WHERE case_id = ANY(case_ids);\n"
_CHECKED_AT_ONCE = f"""  SET CONSTRAINTS inbox_custody_taken_back IMMEDIATE;
{_DELETION}  SET CONSTRAINTS inbox_custody_taken_back DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_running_clocks"), ("inbox", "0009_hand_overs_taken_back")]
    operations = [migrations.RunSQL(_UNDO.replace(_DELETION, _CHECKED_AT_ONCE), _UNDO)]
