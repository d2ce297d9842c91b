from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The deployment itself: commands that start or measure the whole."""

    name = "config"
    verbose_name = "Horseshoe"

    def ready(self) -> None:
        # Tasks are declared with `shared_task`: whoever enqueues one needs the app, the web processes included.
        import config.celery  # noqa: F401
