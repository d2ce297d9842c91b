"""`manage.py rotate_credentials`: encrypt every stored credential with the newest key."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.credentials.store import CredentialUnusable, rotate_credentials


class Command(BaseCommand):
    help = (
        "Encrypt every stored credential with the first of CREDENTIAL_KEYS. To change keys: put the new key in front, "
        "restart all processes, run this, then remove the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate the keys and print how many credentials were encrypted.

        Raises `CommandError`, with nothing changed, when a credential cannot be decrypted.
        """
        try:
            count = rotate_credentials(now=timezone.now())
        except CredentialUnusable as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        noun = "credential" if count == 1 else "credentials"
        self.stdout.write(
            f"{count} {noun} encrypted with the newest of {len(settings.CREDENTIAL_KEYS)} keys."
        )
