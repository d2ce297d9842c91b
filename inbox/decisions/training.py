"""Runs trainings of the learned router, each in its own process: it may need a hundred megabytes and a core for some
seconds, and it is killed at its time limit.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import subprocess
import sys

from django.conf import settings
from django.utils import timezone

from routing.learning import trainings

logger = logging.getLogger(__name__)


def run_due_training(now: dt.datetime) -> None:
    """Request a training when one is due and run the waiting one. Unless somebody else has taken it."""
    trainings.request_training_when_due(now)
    claimed = trainings.claim_training(now)
    if claimed is not None:
        run_training(claimed)


def run_training(training_id: int) -> None:
    """Run a claimed training and wait for it. One whose worker dies meanwhile is taken again when its lease is
    over.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "learn", "--training", str(training_id)]
    # One core is enough; the others serve requests.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            timeout=trainings.TIME_LIMIT.total_seconds(),
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        seconds = int(trainings.TIME_LIMIT.total_seconds())
        _record_failure(training_id, f"It took longer than {seconds} seconds and was stopped.")
        return
    if done.returncode:
        last_line = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        _record_failure(training_id, f"It ended with an error: {last_line[:200]}.")


def _record_failure(training_id: int, why: str) -> None:
    logger.error("training %s failed: %s", training_id, why)
    trainings.mark_training_failed(
        training_id, f"{why} The rules and the active version go on as before.", timezone.now()
    )
