"""`manage.py seed_demo`: a fictional company on simulated networks, to try Horseshoe with."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import sys
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.brand_accounts.connecting import ConnectRefused, connect_brand_account
from accounts.models import (
    BrandAccount,
    BrandAccountGrant,
    DemoMarker,
    Department,
    Membership,
    Role,
    User,
)
from accounts.people.verbs import mark_email_verified
from accounts.presence_review.signing import sign_charter
from config.demo import company as demo_company
from config.demo.approvals import seed_approval_rules
from config.demo.macros import seed_macros
from config.demo.past.filling import begin_past, fill_day
from config.demo.past.posting import post_past
from config.demo.roster import seed_roster
from inbox.canned_answers.files import import_csv
from inbox.models import CannedAnswer
from routing.models import RuleSetVersion, SLAVersion
from routing.playbook import versions
from routing.rules.starter import DEFAULT_DEPARTMENT, STARTER_DEPARTMENTS
from routing.rules.versions import install_starter_rules
from routing.service_levels.editing import install_starter_service_levels

_CANNED_ANSWERS = Path(demo_company.__file__).with_name("canned_answers.csv")
#: Exit status of `--check` for a database that belongs to a real company.
NOT_A_DEMO = 3


class Command(BaseCommand):
    help = (
        f"Fill an empty database with {demo_company.COMPANY_NAME}, a fictional company: departments, people, starter rules and playbook, "
        "and the brand accounts of the simulated networks. Running it again repairs what is missing and changes "
        "nothing else. Everybody's password is known: never run it for real."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--simulator", metavar="URL", help="Base address of the simulated networks.")
        parser.add_argument(
            "--check", action="store_true", help="Exit 0 when the database is empty or a demo, else 3."
        )
        parser.add_argument(
            "--force", action="store_true", help="Also on a database that has users of its own."
        )
        parser.add_argument(
            "--past",
            nargs="?",
            const="now",
            choices=("now", "later"),
            help="Also invent eight weeks of cases, if there is none yet: now, or later by the workers.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and print the sign-ins. Raises `CommandError` for a database that is not a demo's."""
        fit = is_empty_or_demo()
        if options["check"]:
            sys.exit(0 if fit else NOT_A_DEMO)
        if not fit and not options["force"]:
            raise CommandError(
                "This database has users and is not a demo. Nothing was changed; --force seeds it all the same."
            )
        logging.getLogger("accounts").setLevel(logging.WARNING)
        now = timezone.now()
        accounts = self._fetch_simulated_accounts(options["simulator"]) if options["simulator"] else []
        with transaction.atomic():
            departments = seed_departments()
            seed_people(departments)
            if not RuleSetVersion.objects.exists():
                install_starter_rules(departments, DEFAULT_DEPARTMENT, now)
            if not SLAVersion.objects.exists():
                install_starter_service_levels(
                    demo_company.CALENDARS, demo_company.POLICIES, departments, None, now
                )
            if versions.live_playbook() is None:
                versions.install_starter_playbook(None, now)
            if fit:
                DemoMarker.objects.get_or_create(pk=1, defaults={"seeded_at": now})
            seed_canned_answers(now)
            seed_macros(departments, now)
        for account in accounts:
            _connect_simulated_account(account, departments["marketing"], now)
        seed_grants()
        seed_roster("juno", "pavel")
        seed_approval_rules(now)
        if options["past"] and begin_past(now):
            self._post_past(options["simulator"])
            while options["past"] == "now" and fill_day():
                pass
        self._print_sign_ins(as_json=options["json"])

    def _fetch_simulated_accounts(self, base: str) -> list[dict[str, Any]]:
        base = base.rstrip("/")
        for network, url in settings.NETWORK_API_URLS.items():
            if not url.startswith(base):
                raise CommandError(
                    f"The simulated networks are at {base}, but {network} is reached at {url or 'its own address'}. "
                    f"Set X_API_URL={base}/x and GRAPH_API_URL={base}/graph."
                )
        try:
            answer = httpx.get(f"{base}/_sim/accounts.json", timeout=10, trust_env=False)
            answer.raise_for_status()
            content = answer.json()
            rows = content["accounts"] if isinstance(content, dict) else content
            return [dict(row) for row in rows]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"The simulated networks at {base} do not tell their accounts: {error}"
            ) from error

    def _post_past(self, base: str | None) -> None:
        try:
            if base:
                post_past(base.rstrip("/"))
        except httpx.HTTPError as error:
            raise CommandError(
                f"The simulated networks at {base} take no posts of the past: {error}"
            ) from error

    def _print_sign_ins(self, *, as_json: bool) -> None:
        rows = list_sign_ins()
        if as_json:
            accounts = [str(account) for account in BrandAccount.objects.all()]
            self.stdout.write(json.dumps({"sign_ins": rows, "brand_accounts": accounts}))
            return
        self.stdout.write(f"{demo_company.COMPANY_NAME}, a demo. Sign in as:")
        for row in rows:
            self.stdout.write(
                f"  {row['username']:<8} {row['role']:<18} {row['password']:<17} {_short_list(row['departments'])}"
            )


def _short_list(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{len(names)} departments"


def is_empty_or_demo() -> bool:
    """Tell whether this database has no users or holds a demo."""
    return DemoMarker.objects.exists() or not User.objects.exists()


def seed_departments() -> dict[str, Department]:
    """Create missing departments; return the ten by slug.

    Those that exist keep their names.
    """
    Department.objects.bulk_create(
        [
            Department(slug=slug, name=name, position=at)
            for at, (slug, name) in enumerate(STARTER_DEPARTMENTS.items())
        ],
        ignore_conflicts=True,
    )
    return {
        department.slug: department for department in Department.objects.filter(slug__in=STARTER_DEPARTMENTS)
    }


def seed_people(departments: dict[str, Department]) -> None:
    """Create the demo's people and their memberships.

    People who exist, by username or by address, stay as they are.
    """
    usernames = set(User.objects.values_list("username", flat=True))
    emails = {email.lower() for email in User.objects.values_list("email", flat=True)}
    # One hash for everybody: hashing is slow by design, and the password is no secret.
    password = make_password(demo_company.PASSWORD)
    for person in demo_company.PEOPLE:
        if person.username in usernames or person.email in emails:
            continue
        user = User.objects.create(
            username=person.username,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            initials=person.initials,
            role=person.role,
            password=password,
        )
        mark_email_verified(user)
        Membership.objects.bulk_create(
            Membership(user=user, department=departments[slug]) for slug in person.departments
        )


def seed_grants() -> None:
    """Let the demo's people work on every brand account.

    New grants go to people who have none and on brand accounts that have none. A single grant that was taken
    away is not given again.
    """
    publishes = {person.username: person.publishes for person in demo_company.PEOPLE}
    users = User.objects.filter(username__in=publishes, email__endswith=f"@{demo_company.DOMAIN}")
    have = set(BrandAccountGrant.objects.values_list("user", flat=True))
    granted = set(BrandAccountGrant.objects.values_list("brand_account", flat=True))
    BrandAccountGrant.objects.bulk_create(
        [
            BrandAccountGrant(user=user, brand_account=account, can_publish=publishes[user.username])
            for user in users
            for account in BrandAccount.objects.all()
            if user.pk not in have or account.pk not in granted
        ],
        ignore_conflicts=True,
    )


def seed_canned_answers(now: dt.datetime) -> None:
    """Keep the demo's canned answers, unless there are some."""
    by = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    if by is not None and not CannedAnswer.objects.exists():
        import_csv(_CANNED_ANSWERS.read_bytes(), by, now)


def list_sign_ins() -> list[dict[str, Any]]:
    """List the demo's users with their sign-ins.

    Username, name, role, departments, password ("(changed)" when it is no longer the demo's).
    """
    users = {
        user.username: user for user in User.objects.prefetch_related("departments").filter(is_active=True)
    }
    password_checks = {
        encoded: check_password(demo_company.PASSWORD, encoded)
        for encoded in {u.password for u in users.values()}
    }
    return [
        {
            "username": person.username,
            "name": users[person.username].get_full_name(),
            "role": users[person.username].get_role_display(),
            "departments": [department.name for department in users[person.username].departments.all()],
            "password": demo_company.PASSWORD
            if password_checks[users[person.username].password]
            else "(changed)",
        }
        for person in demo_company.PEOPLE
        if person.username in users
    ]


def _connect_simulated_account(row: dict[str, Any], owner: Department, now: dt.datetime) -> None:
    try:
        brand_account = connect_brand_account(
            network=row["network"],
            remote_id=row["remote_id"],
            handle=row["handle"],
            name=row["name"],
            secrets=row["secrets"],
            owner_department=None,
            by=None,
            now=now,
        )
    except (KeyError, ConnectRefused) as error:
        raise CommandError(f"A simulated account could not be connected: {error}") from error
    if brand_account.owner_department_id is None:
        purpose, audience, objective = demo_company.CHARTERS.get(brand_account.network, ("", "", ""))
        brand_account.owner_department = owner
        brand_account.purpose, brand_account.audience, brand_account.objective = purpose, audience, objective
        brand_account.promised_response = dt.timedelta(hours=4)
        brand_account.owner = User.objects.filter(departments=owner, role=Role.MANAGER).order_by("pk").first()
        sign_charter(brand_account, by=brand_account.owner, now=now)
