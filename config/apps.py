from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The Django app for commands that serve the whole deployment."""

    name = "config"
    verbose_name = "Horseshoe"

    def ready(self) -> None:
        # `shared_task` needs the Celery app in every process that enqueues a task, web processes included.
        import config.celery  # noqa: F401
        from config.demo.past.filling import DIGEST, fill_day
        from reports.history.working import fillers

        fillers[DIGEST] = fill_day
