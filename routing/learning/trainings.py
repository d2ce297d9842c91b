"""Trainings in the background: requested by a person or after enough new corrections, claimed in Postgres,
run once.

The result of a training is a new version of the router (`routing.learning.router_versions`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from routing.classifier.repeating import find_repeated_phrases
from routing.classifier.training import MIN_EXAMPLES, TooFewExamples, train_router
from routing.learning.material import load_training_material
from routing.learning.router_versions import store_router_version
from routing.models import RouterTraining, RouterVersion, RoutingExample, TrainingState
from routing.refusals import RuleSetError

#: The number of new or changed corrections that starts a training automatically, and the least time between
#: the previous request and an automatic one.
ENOUGH_NEW_CORRECTIONS, MIN_PAUSE = 10, dt.timedelta(minutes=5)
#: The longest duration of a training, and the most attempts when its worker disappears.
TIME_LIMIT, MAX_ATTEMPTS = dt.timedelta(seconds=120), 2


def request_training(by: User | None, now: dt.datetime) -> RouterTraining:
    """Return the unfinished training, or create one that waits for a worker."""
    try:
        with transaction.atomic():
            return RouterTraining.objects.create(asked_at=now, asked_by=by)
    except IntegrityError:
        return RouterTraining.objects.order_by("-pk")[0]


def request_training_when_due(now: dt.datetime) -> bool:
    """Request a training when there are enough corrections since the last one.

    Returns whether one was requested.
    """
    newest = RouterTraining.objects.aggregate(at=Max("asked_at"))["at"]
    if newest is not None and now - newest < MIN_PAUSE:
        return False
    rows = RoutingExample.objects.all() if newest is None else RoutingExample.objects.filter(at__gt=newest)
    if (
        rows[:ENOUGH_NEW_CORRECTIONS].count() < ENOUGH_NEW_CORRECTIONS
        or RoutingExample.objects.all()[:MIN_EXAMPLES].count() < MIN_EXAMPLES
    ):
        return False
    request_training(None, now)
    return True


def claim_training(now: dt.datetime) -> int | None:
    """Claim the next waiting training by a conditional update; return its id.

    None when no training waits or another worker claimed it first. A training whose worker disappeared is
    claimed again, up to `MAX_ATTEMPTS` attempts.
    """
    over = RouterTraining.objects.filter(state=TrainingState.RUNNING, lease_until__lt=now)
    over.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=TrainingState.FAILED,
        finished_at=now,
        progress=f"It did not finish within {TIME_LIMIT.seconds} seconds, {MAX_ATTEMPTS} times. The rules and the active "
        "version go on as before; try again when the machine has less to do.",
    )
    over.update(state=TrainingState.WANTED)
    for pk in RouterTraining.objects.filter(state=TrainingState.WANTED).values_list("pk", flat=True):
        row = RouterTraining.objects.filter(pk=pk, state=TrainingState.WANTED)
        attempts = row.values_list("attempts", flat=True).first() or 0
        if row.filter(attempts=attempts).update(
            state=TrainingState.RUNNING,
            lease_until=now + TIME_LIMIT,
            attempts=attempts + 1,
            progress="Starting",
        ):
            return pk
    return None


def run_training(training_id: int) -> RouterVersion | None:
    """Run a claimed training; return the version it made.

    None when it failed; the reason is stored in the row. No example or rule can make it raise.
    """
    rows = RouterTraining.objects.filter(pk=training_id, state=TrainingState.RUNNING)
    training = rows.first()
    if training is None:
        return None
    try:
        version = _train_version(training)
    except (TooFewExamples, RuleSetError) as error:
        mark_training_failed(training_id, str(error), timezone.now())
        return None
    # A worker whose training was ended or queued again in the meantime must not report a result.
    rows.update(
        state=TrainingState.DONE, progress=version.verdict, finished_at=timezone.now(), version=version
    )
    return version


def _train_version(training: RouterTraining) -> RouterVersion:
    def progress(text: str) -> None:
        RouterTraining.objects.filter(pk=training.pk).update(progress=text)

    progress("Checking every example against the rules")
    material = load_training_material()
    trained = train_router(material.training_examples, material.hints, progress=progress)
    progress("Looking for corrections that repeat")
    trained.metrics["suggested_rules"] = [
        asdict(phrase) for phrase in find_repeated_phrases(material.suggestion_examples)
    ]
    return store_router_version(trained, material, training.asked_by, timezone.now())


def mark_training_failed(training_id: int, why: str, now: dt.datetime) -> None:
    """Mark a running training as failed, with a reason for people."""
    RouterTraining.objects.filter(pk=training_id, state=TrainingState.RUNNING).update(
        state=TrainingState.FAILED, progress=why[:300], finished_at=now
    )
