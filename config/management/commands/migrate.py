"""`manage.py migrate`: Django's, as the owner of the tables; then the application's role gets its rights."""

from __future__ import annotations

from typing import Any

import environ
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, transaction

from config.settings import read_secret
from postgres import roles


class Command(migrate.Command):
    """Migrates as the role of MIGRATION_DATABASE_URL where it is set, otherwise as that of DATABASE_URL."""

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Migrate; grant.

        Raises `CommandError` when the application's role is missing and cannot be created, or owns tables.
        """
        owner_url = read_secret("MIGRATION_DATABASE_URL")
        if not owner_url or options.get("database", DEFAULT_DB_ALIAS) != DEFAULT_DB_ALIAS:
            super().handle(*arguments, **options)
            return
        application = dict(connection.settings_dict)
        connection.close()
        connection.settings_dict.update(environ.Env.db_url_config(owner_url))
        _require_same_database(application)
        super().handle(*arguments, **options)
        role = str(application["USER"])
        if role != roles.current_role():
            _grant_to_application(role, str(application["PASSWORD"]))
            self.stdout.write(f"“{role}” may read and write rows, and owns nothing.")


def _require_same_database(application: dict[str, Any]) -> None:
    if connection.settings_dict["NAME"] != application["NAME"]:
        raise CommandError(
            "MIGRATION_DATABASE_URL and DATABASE_URL name two databases. Name the same in both."
        )


@transaction.atomic
def _grant_to_application(role: str, password: str) -> None:
    try:
        with transaction.atomic():
            roles.create_role(role, password)
    except ProgrammingError as error:
        raise CommandError(
            f"There is no role “{role}”, and the role of MIGRATION_DATABASE_URL may not create it. "
            f"Ask whoever runs Postgres for: CREATE ROLE \"{role}\" LOGIN PASSWORD '…';"
        ) from error
    if roles.may_rewrite_tables(role):
        raise CommandError(
            f"“{role}” of DATABASE_URL owns the tables, or is a superuser: it could rewrite history. "
            "Name another role there; one that does not exist yet is created."
        )
    roles.grant_rows(role, guard="accounts_keep_history", read_only="django_migrations")
