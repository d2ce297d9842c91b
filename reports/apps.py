from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        # Imported here because models cannot be imported before the apps are ready.
        from inbox.models import Erasure

        post_save.connect(_forget_files, sender=Erasure, dispatch_uid="reports.forget_files")


def _forget_files(**_: Any) -> None:
    """Delete files that may hold an erased customer.

    In the transaction that erases them.
    """
    from reports.exports.long_files import forget_files

    forget_files()
