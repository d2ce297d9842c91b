"""Print the address at which the first administrator is made."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import User
from accounts.sign_in.first_administrator import make_path


class Command(BaseCommand):
    """`manage.py first_administrator`."""

    help = "Print the path of the page that makes the first administrator, as long as nobody has been added."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the path, or that it is not needed any more."""
        if User.objects.exists():
            self.stdout.write("Somebody has been added already: sign in, or run `manage.py createsuperuser`.")
        else:
            self.stdout.write(
                f"Open this path of your Horseshoe in a browser: /{make_path(settings.SECRET_KEY)}"
            )
