from __future__ import annotations

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = "Routing"

    def ready(self) -> None:
        # Imported here because models cannot be imported before the apps are ready.
        from accounts.people import verbs
        from routing.departments import objection_to_closing

        verbs.department_closing_objections.append(objection_to_closing)
