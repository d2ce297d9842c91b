from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and brand accounts"

    def ready(self) -> None:
        # Imported here because models cannot be imported before the apps are ready.
        from accounts.audit import sign_ins

        sign_ins.connect_signals()
