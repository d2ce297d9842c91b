"""Versions of the learned router: stored by a training, activated automatically or by a person.

A new version is activated automatically only when it is not worse than the rules alone or the version before,
and learning is neither pinned nor off.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, Department, User
from routing.classifier import scoring
from routing.classifier.router import BadArrays, unpack_router
from routing.classifier.training import TrainingResult
from routing.learning.active import clear_active_router_cache
from routing.learning.material import TrainingMaterial
from routing.models import LearningMode, LearningSetting, RouterVersion, VersionState
from wording.numbers import format_percent

#: The number of inactive versions that are stored; older ones are deleted.
KEPT_VERSIONS = 20
#: The least number of corrections, unseen by the older version, on which two versions are compared.
MIN_COMPARED = 20


def store_router_version(
    trained: TrainingResult, material: TrainingMaterial, by: User | None, now: dt.datetime
) -> RouterVersion:
    """Store the result of a training as a new version.

    It becomes the active version when `decide_takeover` allows it.
    """
    with transaction.atomic():
        mode = get_learning_setting().mode
        before = RouterVersion.objects.select_for_update().filter(state=VersionState.ACTIVE).first()
        takes_over, verdict = decide_takeover(trained, material, before, mode)
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
            rules_version=material.rules_version,
            examples=len(material.examples),
            verdict=verdict[:300],
            created_at=now,
            created_by=by,
        )
        old = RouterVersion.objects.exclude(state=VersionState.ACTIVE).values_list("pk", flat=True)
        RouterVersion.objects.filter(pk__in=list(old[KEPT_VERSIONS:])).delete()
    clear_active_router_cache()
    return version


def decide_takeover(
    trained: TrainingResult, material: TrainingMaterial, before: RouterVersion | None, mode: str
) -> tuple[bool, str]:
    """Decide whether a new version replaces `before`.

    Returns the decision and its reason, for people.
    """
    figures = trained.metrics
    if not trained.is_better:
        return False, (
            f"Worse than the rules alone on messages it had not seen (macro-F1 {figures['macro_f1']:.2f} against "
            f"{figures['rules_macro_f1']:.2f}): not used."
        )
    if before is not None and (objection := _objection_to_takeover(trained, material, before)):
        return False, objection
    better = (
        f"On messages it had not seen: {format_percent(figures['accuracy'])} right, the rules alone "
        f"{format_percent(figures['rules_accuracy'])}."
    )
    if mode == LearningMode.PINNED:
        return False, f"{better} Not used automatically: the active version is pinned."
    if mode == LearningMode.OFF:
        return False, f"{better} Not used: learning is switched off."
    return True, better


def _objection_to_takeover(trained: TrainingResult, material: TrainingMaterial, before: RouterVersion) -> str:
    """Return why the version before is better, "" when it is not.

    Both are compared on the corrections that neither had seen; "" when there are fewer than `MIN_COMPARED`.
    """
    unseen = [at for at, example in enumerate(material.examples) if example.at > before.created_at]
    if len(unseen) < MIN_COMPARED:
        return ""
    try:
        router = unpack_router(bytes(before.arrays))
    except BadArrays:
        return ""
    examples = [material.training_examples[at] for at in unseen]
    right = [example.department for example in examples]
    named_by_new = [str(trained.metrics["outcomes"][at][1]) for at in unseen]
    named_by_old = [router.guess(example.text, example.votes)[0].department for example in examples]
    new_share, old_share = scoring.accuracy(right, named_by_new), scoring.accuracy(right, named_by_old)
    if new_share >= old_share:
        return ""
    return (
        f"On the {len(unseen)} newest corrections {format_percent(new_share)} right, version {before.number} "
        f"{format_percent(old_share)}: version "
        f"{before.number} stays."
    )


def activate_router_version(number: int) -> RouterVersion:
    """Make a version the active one and pin it.

    No training replaces it until learning is automatic again. Raises `RouterVersion.DoesNotExist`, and
    `routing.classifier.router.BadArrays` when its arrays cannot be read.
    """
    with transaction.atomic():
        version = RouterVersion.objects.select_for_update().get(number=number)
        unpack_router(bytes(version.arrays))
        active = RouterVersion.objects.filter(state=VersionState.ACTIVE).exclude(pk=version.pk)
        changes = compare_values(
            {"Version": active.values_list("number", flat=True).first()}, {"Version": number}
        )
        active.update(state=VersionState.RETIRED)
        RouterVersion.objects.filter(pk=version.pk).update(state=VersionState.ACTIVE)
        record_change(AuditVerb.ROUTER_VERSION_CHOSEN, "the version of the learned router", changes)
        set_learning_mode(LearningMode.PINNED)
    version.refresh_from_db()
    return version


def get_learning_setting() -> LearningSetting:
    """Return the only row of settings.

    It is an unsaved default while nothing has been set.
    """
    return LearningSetting.objects.filter(pk=1).first() or LearningSetting(pk=1)


def _lock_learning_setting() -> LearningSetting:
    """Lock the only row of settings; create it when it is missing.

    Must run in a transaction.
    """
    LearningSetting.objects.get_or_create(pk=1)
    return LearningSetting.objects.select_for_update().get(pk=1)


def set_learning_mode(mode: LearningMode) -> None:
    """Set how new versions are activated.

    `AUTOMATIC` also activates the newest version that was not refused.
    """
    with transaction.atomic():
        setting = _lock_learning_setting()
        changes = compare_values(
            {"New versions": LearningMode(setting.mode).label}, {"New versions": LearningMode(mode).label}
        )
        setting.mode = mode
        setting.save(update_fields=["mode"])
        if changes:
            record_change(AuditVerb.ROUTER_MODE_SET, "how the learned router comes into use", changes)
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
    """Set the probability from which the router decides alone in a department.

    `department` is a slug; `threshold` is from 0 to 1, and 1.01 or more means never.
    """
    with transaction.atomic():
        setting = _lock_learning_setting()
        before = setting.thresholds.get(department)
        setting.thresholds = {**setting.thresholds, department: round(threshold, 2)}
        setting.save(update_fields=["thresholds"])
        _record_threshold(department, before, threshold)
    clear_active_router_cache()


def _record_threshold(slug: str, before: float | None, after: float) -> None:
    department = Department.objects.filter(slug=slug).first()
    changes = compare_values({"From": _threshold_words(before)}, {"From": _threshold_words(after)})
    if changes:
        concerned = [department.pk] if department is not None else []
        record_change(AuditVerb.ROUTER_THRESHOLD_SET, department or slug, changes, department_ids=concerned)


def _threshold_words(threshold: float | None) -> str:
    if threshold is None:
        return "the default"
    return "never" if threshold > 1 else format_percent(threshold)
