"""Training in the background: asked for by a person or by enough new corrections, claimed in Postgres, run once.

What a training comes to is a new `RouterVersion`. It takes over only when it is not worse than the rules alone and
than the version before, and when nobody pinned that or switched learning off.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from routing.classifier import scoring
from routing.classifier.features import Votes
from routing.classifier.hints import rule_phrases
from routing.classifier.repeating import find_repeated_phrases
from routing.classifier.router import BadArrays, unpack_router
from routing.classifier.training import (
    MAX_EXAMPLES,
    MIN_EXAMPLES,
    Example,
    TooFewExamples,
    TrainingResult,
    train_router,
)
from routing.learning.active import (
    clear_active_router_cache,
    get_learning_setting,
    lock_learning_setting,
    rule_votes,
    training_votes,
)
from routing.learning.example_facts import facts_of_example
from routing.models import (
    LearningMode,
    RouterTraining,
    RouterVersion,
    RoutingExample,
    RuleSetVersion,
    TrainingState,
    VersionState,
)
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.engine import compile_rules
from routing.rules.starter import starter_snapshot
from wording.numbers import format_percent

#: New or changed corrections that start a training, and how long one that begins by itself waits for the one before.
ENOUGH_NEW_CORRECTIONS, MIN_PAUSE = 10, dt.timedelta(minutes=5)
#: How long a training may take, and how often one is tried whose worker went away.
TIME_LIMIT, MAX_ATTEMPTS = dt.timedelta(seconds=120), 2
#: Versions whose arrays are kept, besides the active one.
KEPT_VERSIONS = 20
#: Compared with the version before on at least so many corrections that it had not seen.
MIN_COMPARED = 20


def request_training(by: User | None, now: dt.datetime) -> RouterTraining:
    """The training that goes on, or a new one that waits for a worker."""
    try:
        with transaction.atomic():
            return RouterTraining.objects.create(asked_at=now, asked_by=by)
    except IntegrityError:
        return RouterTraining.objects.order_by("-pk")[0]


def request_training_when_due(now: dt.datetime) -> bool:
    """Asks for a training when there are enough corrections since the last one; whether it did."""
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
    """The id of the training to run now, if one waits and nobody else takes it: a conditional update. One whose worker
    went away is taken again, `MAX_ATTEMPTS` times at most."""
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
    """Runs a claimed training; the version it came to. None when it failed, with why in the row. Raises nothing that
    an example or a rule could cause."""
    rows = RouterTraining.objects.filter(pk=training_id, state=TrainingState.RUNNING)
    training = rows.first()
    if training is None:
        return None
    try:
        version = _train_version(training)
    except (TooFewExamples, RuleSetError) as error:
        mark_training_failed(training_id, str(error), timezone.now())
        return None
    # Only if the lease still holds: a worker that was given up must not speak.
    rows.update(
        state=TrainingState.DONE, progress=version.verdict, finished_at=timezone.now(), version=version
    )
    return version


def mark_training_failed(training_id: int, why: str, now: dt.datetime) -> None:
    """A training that goes on is over, with why, for people."""
    RouterTraining.objects.filter(pk=training_id, state=TrainingState.RUNNING).update(
        state=TrainingState.FAILED, progress=why[:300], finished_at=now
    )


@dataclass(frozen=True, slots=True)
class TrainingMaterial:
    """What a training learns from: the corrections, the same `prepared` with the votes to learn from, and `as_voted`,
    with what the rules say of them."""

    examples: list[RoutingExample]
    training_examples: list[Example]
    suggestion_examples: list[Example]
    hints: list[tuple[str, str]]
    rules_version: int


def load_training_material() -> TrainingMaterial:
    """The newest examples, oldest first, with the votes of the live rules, and the rules' words. Before any rules were
    published the starter rules vote.

    Raises `RuleSetError` when the rules cannot decide.
    """
    newest = RuleSetVersion.objects.first()
    snapshot = {**newest.snapshot, "version": newest.number} if newest else starter_snapshot()
    rules = versions.live_rules() if newest else compile_rules(snapshot)
    examples = list(RoutingExample.objects.order_by("-at", "-pk")[:MAX_EXAMPLES])[::-1]
    facts = [facts_of_example(one) for one in examples]
    return TrainingMaterial(
        examples,
        _examples_with_votes(examples, training_votes(facts, rules)),
        _examples_with_votes(examples, [rule_votes(one, rules) for one in facts]),
        rule_phrases(snapshot),
        rules.version,
    )


def _examples_with_votes(examples: list[RoutingExample], votes: list[Votes]) -> list[Example]:
    return [Example(one.text, one.department, vote) for one, vote in zip(examples, votes, strict=True)]


def _train_version(training: RouterTraining) -> RouterVersion:
    def progress(said: str) -> None:
        RouterTraining.objects.filter(pk=training.pk).update(progress=said)

    progress("Asking the rules about every example")
    given = load_training_material()
    trained = train_router(given.training_examples, given.hints, progress=progress)
    progress("Looking for rules that corrections repeat")
    trained.metrics["suggested_rules"] = [
        asdict(one) for one in find_repeated_phrases(given.suggestion_examples)
    ]
    return store_router_version(trained, given, training.asked_by, timezone.now())


def store_router_version(
    trained: TrainingResult, given: TrainingMaterial, by: User | None, now: dt.datetime
) -> RouterVersion:
    """Keeps what a training came to as a new version, and makes it the active one if it may be."""
    with transaction.atomic():
        mode = get_learning_setting().mode
        before = RouterVersion.objects.select_for_update().filter(state=VersionState.ACTIVE).first()
        takes_over, verdict = decide_takeover(trained, given, before, mode)
        state = VersionState.ACTIVE if takes_over else VersionState.REFUSED
        if trained.is_better and not takes_over:
            state = VersionState.RETIRED
        if takes_over and before is not None:
            RouterVersion.objects.filter(pk=before.pk).update(state=VersionState.RETIRED)
        number = (RouterVersion.objects.aggregate(n=Max("number"))["n"] or 0) + 1
        version = RouterVersion.objects.create(
            number=number,
            state=state,
            metrics=trained.metrics,
            arrays=trained.router.pack(),
            rules_version=given.rules_version,
            examples=len(given.examples),
            verdict=verdict[:300],
            created_at=now,
            created_by=by,
        )
        old = RouterVersion.objects.exclude(state=VersionState.ACTIVE).values_list("pk", flat=True)
        RouterVersion.objects.filter(pk__in=list(old[KEPT_VERSIONS:])).delete()
    clear_active_router_cache()
    return version


def decide_takeover(
    trained: TrainingResult, given: TrainingMaterial, before: RouterVersion | None, mode: str
) -> tuple[bool, str]:
    """Whether a new version takes over, and why, for people."""
    figures = trained.metrics
    if not trained.is_better:
        return False, (
            f"Worse than the rules alone on messages it had not seen (macro-F1 {figures['macro_f1']:.2f} against "
            f"{figures['rules_macro_f1']:.2f}): not used."
        )
    if before is not None and (than := _objection_to_takeover(trained, given, before)):
        return False, than
    better = (
        f"On messages it had not seen: {format_percent(figures['accuracy'])} right, the rules alone "
        f"{format_percent(figures['rules_accuracy'])}."
    )
    if mode == LearningMode.PINNED:
        return False, f"{better} Not used by itself: the active version is pinned."
    if mode == LearningMode.OFF:
        return False, f"{better} Not used: learning is switched off."
    return True, better


def _objection_to_takeover(trained: TrainingResult, given: TrainingMaterial, before: RouterVersion) -> str:
    """What speaks against a new version beside the one before: worse on the corrections that neither had seen. "" when
    nothing does, or when these are too few to say."""
    fresh = [at for at, one in enumerate(given.examples) if one.at > before.created_at]
    if len(fresh) < MIN_COMPARED:
        return ""
    try:
        router = unpack_router(bytes(before.arrays))
    except BadArrays:
        return ""
    right = [given.training_examples[at].department for at in fresh]
    new = [str(trained.metrics["outcomes"][at][1]) for at in fresh]
    guesses = [
        router.guess(given.training_examples[at].text, given.training_examples[at].votes) for at in fresh
    ]
    old = [one[0].department for one in guesses]
    ours, theirs = scoring.accuracy(right, new), scoring.accuracy(right, old)
    if ours >= theirs:
        return ""
    return (
        f"On the {len(fresh)} newest corrections {format_percent(ours)} right, version {before.number} "
        f"{format_percent(theirs)}: version "
        f"{before.number} stays."
    )


def activate_router_version(number: int) -> RouterVersion:
    """Makes a version the active one and pins it: no training changes that until learning is automatic again.

    Raises `RouterVersion.DoesNotExist`, and `routing.classifier.router.BadArrays` when its arrays cannot be read.
    """
    with transaction.atomic():
        version = RouterVersion.objects.select_for_update().get(number=number)
        unpack_router(bytes(version.arrays))
        RouterVersion.objects.filter(state=VersionState.ACTIVE).exclude(pk=version.pk).update(
            state=VersionState.RETIRED
        )
        RouterVersion.objects.filter(pk=version.pk).update(state=VersionState.ACTIVE)
        set_learning_mode(LearningMode.PINNED)
    version.refresh_from_db()
    return version


def set_learning_mode(mode: LearningMode) -> None:
    """How new versions come into use. Automatic again takes the newest version that was not refused."""
    with transaction.atomic():
        row = lock_learning_setting()
        row.mode = mode
        row.save(update_fields=["mode"])
        if mode == LearningMode.AUTOMATIC:
            _activate_newest_version()
    clear_active_router_cache()


def _activate_newest_version() -> None:
    newest = RouterVersion.objects.exclude(state=VersionState.REFUSED).first()
    active = RouterVersion.objects.filter(state=VersionState.ACTIVE)
    if newest is not None and newest.state != VersionState.ACTIVE:
        active.update(state=VersionState.RETIRED)
        RouterVersion.objects.filter(pk=newest.pk).update(state=VersionState.ACTIVE)


def set_threshold(department: str, threshold: float) -> None:
    """From which probability on (0 to 1) the router decides alone for a department; 1.01 and more is never."""
    with transaction.atomic():
        row = lock_learning_setting()
        row.thresholds = {**row.thresholds, department: round(threshold, 2)}
        row.save(update_fields=["thresholds"])
    clear_active_router_cache()
