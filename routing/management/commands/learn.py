"""`manage.py learn`: train the router from the stored corrections, and before that import those of a file."""

from __future__ import annotations

import datetime as dt
import json
import time
from argparse import SUPPRESS, ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Department
from routing.files.examples import UnreadableFile, read_labelled_rows
from routing.learning import corrections, trainings
from routing.models import RouterTraining, RouterVersion, RuleSetVersion, TrainingState, VersionState
from routing.rules.starter import STARTER_DEPARTMENTS

#: Whoever imports a file may not expect it to change where new cases go.
_IN_USE = (
    "This version is in use: from now on it helps to decide where new cases go. Rules → Learning shows what it does, goes "
    "back to an earlier version, and switches it off. --import-only takes a file over without training."
)


class Command(BaseCommand):
    help = (
        "Trains the learned router from the workspace's corrections and says how good it is on messages that it did "
        "not learn from. With --import, takes over corrections from a CSV file first (columns text and department)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--import", dest="file", type=Path, help="A CSV file with text and department.")
        parser.add_argument(
            "--add-departments",
            action="store_true",
            help="Open departments that the file names and nobody has.",
        )
        parser.add_argument("--import-only", action="store_true", help="Take the file over, train nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--training", type=int, help=SUPPRESS)

    def handle(self, **options: Any) -> None:
        if options["training"]:
            trainings.run_training(options["training"])
            return
        report: dict[str, Any] = {}
        if options["file"]:
            report |= self._import_file(options["file"], add=options["add_departments"])
        if not options["import_only"]:
            report |= self._run_training(report)
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            for name, value in report.items():
                self.stdout.write(f"{name.replace('_', ' '):<16} {value}")
            if report.get("state") == VersionState.ACTIVE:
                self.stdout.write(_IN_USE)

    def _import_file(self, path: Path, *, add: bool) -> dict[str, Any]:
        try:
            rows = list(read_labelled_rows(path))
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        if not rows:
            raise CommandError(f"{path} has no row with both a text and a department.")
        with transaction.atomic():
            slugs = self._resolve_departments(path, Counter(row.department for row in rows), add=add)
            pairs = ((row.text, slugs[row.department]) for row in rows)
            new, changed = corrections.import_corrections(pairs, by=None, now=timezone.now())
        return {"read": len(rows), "new": new, "changed": changed}

    def _resolve_departments(self, path: Path, named: Counter[str], *, add: bool) -> dict[str, str]:
        """Return the slug of each department that the file names.

        The file may use slugs or names. When there are no departments yet, those of the file are created.
        Before the first rule-set version, missing departments that the starter rules know are created, too.
        With `add` all missing ones are created.
        """
        slugs: dict[str, str] = {}
        for slug, name in Department.objects.values_list("slug", "name"):
            slugs |= {slug.lower(): slug, name.lower(): slug}
        missing = sorted(name for name in named if name.lower() not in slugs)
        free = set() if RuleSetVersion.objects.exists() else STARTER_DEPARTMENTS.keys()
        refused = [name for name in missing if slugify(name) not in free]
        if refused and slugs and not add:
            raise CommandError(
                f"{path} names departments that are not there: {', '.join(refused)}. Nothing was taken over. Add them "
                "under Departments, or let this command open them with --add-departments."
            )
        for name in missing:
            slug = slugify(name)[:50]
            if not slug:
                raise CommandError(f"“{name}” cannot be a department's name. Nothing was taken over.")
            Department.objects.get_or_create(
                slug=slug, defaults={"name": STARTER_DEPARTMENTS.get(slug, name)[:80]}
            )
            slugs[name.lower()] = slug
        return {name: slugs[name.lower()] for name in named}

    def _run_training(self, imported: dict[str, Any]) -> dict[str, Any]:
        now = timezone.now()
        training = trainings.request_training(None, now)
        claimed = trainings.claim_training(now)
        if claimed is not None:
            trainings.run_training(claimed)
        training = _wait_until_finished(claimed or training.pk)
        if training.state != TrainingState.DONE or training.version is None:
            prefix = "The file was taken over: {new} new, {changed} changed. " if imported else ""
            raise CommandError(f"{prefix.format(**imported)}Nothing was trained. {training.progress}")
        return _version_figures(training.version)


def _wait_until_finished(pk: int) -> RouterTraining:
    """Return the training when it is over.

    Another process may be running it. After `TIME_LIMIT` it is returned even if it is not over.
    """
    until = time.monotonic() + trainings.TIME_LIMIT / dt.timedelta(seconds=1)
    while True:
        training = RouterTraining.objects.select_related("version").get(pk=pk)
        if not training.is_going_on or time.monotonic() > until:
            return training
        time.sleep(0.5)


def _version_figures(version: RouterVersion) -> dict[str, Any]:
    shown = (
        "examples", "accuracy", "macro_f1", "rules_accuracy", "rules_macro_f1", "best_two", "surest_40", "seconds",
    )  # fmt: skip
    figures = {name: version.metrics[name] for name in shown}
    return {"version": version.number, "state": version.state, "verdict": version.verdict, **figures}
