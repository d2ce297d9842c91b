"""Queues: each has workers of its own wherever we start workers, and no task runs without end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.celery import app
from config.health import QUEUES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tasks():
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def queue_of(name):
    return app.conf.task_routes.get(name, {"queue": app.conf.task_default_queue})["queue"]


def test_routes_and_schedules_name_tasks_that_exist(tasks):
    assert set(app.conf.task_routes) <= set(tasks)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(tasks)


def test_tasks_that_find_due_work_wait_behind_nothing_else(tasks):
    finders = {
        name
        for name in tasks
        if ".wake_due_" in name or name.endswith((".poll_due_streams", ".send_due_replies"))
    }
    assert len(finders) == 4
    assert finders <= {name for name in tasks if queue_of(name) == "ticks"}


def test_every_task_ends(tasks):
    for name, task in tasks.items():
        soft = task.soft_time_limit or app.conf.task_soft_time_limit
        hard = task.time_limit or app.conf.task_time_limit
        assert 0 < soft < hard <= 660, name
    assert tasks["inbox.tasks.send_replies_of_brand_account"].time_limit == 180
    assert tasks["inbox.tasks.poll_due_streams"].time_limit == 30


@pytest.mark.parametrize("file", ["docker-compose.yml", "config/up.py"])
def test_every_queue_has_a_worker_of_its_own(tasks, file):
    text = (ROOT / file).read_text()
    if file.endswith(".yml"):
        served = re.findall(r"worker -Q (\S+)", text)
    else:
        served = re.findall(r'"(\w+)": ', re.search(r"processes = \{(.*)\}", text)[1])
    assert sorted(served) == sorted(QUEUES) == sorted({queue_of(name) for name in tasks})
