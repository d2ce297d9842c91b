"""`manage.py connect NETWORK`: connect a brand account with credentials from a file."""

from __future__ import annotations

import argparse
import json
import stat
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.brand_accounts.connecting import ConnectRefused, connect_brand_account
from accounts.models import BrandAccount, Department
from accounts.presence_review.entry_check import describe_forecast
from accounts.presence_review.passing_over import forecast_account, record_passing_over
from networks.base import Credentials
from networks.registry import CONNECTORS

#: No network needs more than a few tokens; a larger file is not a credentials file.
_BYTES_MAX = 64 * 1024


class Command(BaseCommand):
    help = (
        "Connect a brand account, or connect it again with new credentials. The credentials are a JSON object in a "
        "file (or on standard input with -). X: consumer_key, consumer_secret, access_token, access_token_secret. "
        "Facebook: page_token, app_id, app_secret. The network is asked whom they belong to before they are stored."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("network", help=f"One of: {', '.join(sorted(CONNECTORS))}.")
        parser.add_argument("--handle", required=True, help="Its name on the network, with or without @.")
        parser.add_argument("--remote-id", required=True, help="The network's own id of the account.")
        parser.add_argument("--name", default="", help="How people call it; by default as the network says.")
        parser.add_argument("--credentials-file", required=True, metavar="FILE.json")
        parser.add_argument("--owner-department", metavar="SLUG", help="The department that answers for it.")
        parser.add_argument("--no-verify", action="store_true", help="Store without asking the network.")
        parser.add_argument(
            "--despite",
            metavar="REASON",
            default="",
            help="Connect although the roster misses part of the forecast.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect the brand account and print the result.

        Raises `CommandError`, with nothing stored, when that fails.
        """
        secrets = self._read_secrets(options["credentials_file"])
        owner, reason = _find_department(options["owner_department"]), options["despite"].strip()
        credentials = Credentials(options["network"], options["remote_id"].strip(), secrets)
        words, is_over = ("", False) if options["no_verify"] else _check_entry(credentials, owner)
        if is_over and not reason:
            raise CommandError(
                f"{words} Nothing was connected. Plan the roster first, or say why it is connected all the same: --despite REASON."
            )
        try:
            brand_account = connect_brand_account(
                network=options["network"],
                remote_id=options["remote_id"].strip(),
                handle=options["handle"].strip(),
                name=options["name"] or options["handle"].strip(),
                secrets=secrets,
                owner_department=owner,
                by=None,
                now=timezone.now(),
                verify=not options["no_verify"],
            )
        except ConnectRefused as error:
            raise CommandError(str(error)) from error
        if is_over:
            record_passing_over(brand_account, words, reason)
        if words:
            self.stdout.write(words)
        kinds = ", ".join(brand_account.streams.values_list("kind", flat=True))
        self.stdout.write(f"Connected {brand_account} (id {brand_account.remote_id}). Polling: {kinds}.")
        if options["no_verify"]:
            self.stderr.write("Not verified: the network was not asked whether these credentials work.")

    def _read_secrets(self, name: str) -> dict[str, str]:
        if name == "-":
            raw = sys.stdin.buffer.read(_BYTES_MAX + 1)
        else:
            raw = self._read_secrets_file(Path(name))
        if len(raw) > _BYTES_MAX:
            raise CommandError(f"{name} is larger than {_BYTES_MAX // 1024} kB: not a credentials file.")
        return parse_secrets(raw, name)

    def _read_secrets_file(self, path: Path) -> bytes:
        try:
            with path.open("rb") as source:
                raw = source.read(_BYTES_MAX + 1)
            mode = path.stat().st_mode
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            self.stderr.write(
                f"Other users of this machine can read {path}. Make it yours alone: chmod 600 {path}"
            )
        return raw


def parse_secrets(raw: bytes, name: str) -> dict[str, str]:
    """Return the secrets in a credentials file, as a dict of strings.

    `name` is the file's name, for error messages. Raises `CommandError`; its message never repeats any part
    of the content.
    """
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CommandError(f"{name} is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise CommandError(f"{name} is not valid JSON{where}.") from None
    if not isinstance(content, dict) or not content:
        raise CommandError(f'{name} must hold one JSON object, as {{"access_token": "…"}}.')
    invalid = sorted(key for key, value in content.items() if not isinstance(value, str) or not value.strip())
    if invalid:
        raise CommandError(f"{name}: these must be text between quotes, and not empty: {', '.join(invalid)}.")
    return {key: value.strip() for key, value in content.items()}


def _check_entry(credentials: Credentials, owner: Department | None) -> tuple[str, bool]:
    """Return what a new account would bring, and whether too much.

    For the roster of its owners. "" for an account that is here already, and where the network says nothing.
    """
    is_here = BrandAccount.objects.filter(
        network=credentials.network, remote_id=credentials.remote_id
    ).exists()
    if is_here or credentials.network not in CONNECTORS:
        return "", False
    forecast = forecast_account(credentials, owner, timezone.now())
    return ("", False) if forecast is None else (describe_forecast(forecast, owner), forecast.is_over)


def _find_department(slug: str | None) -> Department | None:
    if slug is None:
        return None
    department = Department.objects.filter(slug=slug).first()
    if department is None:
        slugs = ", ".join(Department.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no department “{slug}”. Departments: {slugs}.")
    return department
