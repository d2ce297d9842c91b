"""The Celery application. It only wakes workers; the work itself is stored in Postgres (see docs/decisions).

Every task may run twice or never: it receives ids, claims its work with a conditional UPDATE, and the next
run that beat schedules finds what was left. So no task is retried or scheduled by ETA, and no result is kept.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
from typing import Any

import redis
from celery import Celery, signals

from config.garbage_collection import freeze_loaded_objects

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

#: A queue with workers of its own for each kind of work; everything else is in the queue `default`. What waits for a
#: network, or takes long, never holds up `ticks`: the short periodic tasks that find what is due and wake the others.
_TASKS_BY_QUEUE = {
    "poll": (
        "inbox.tasks.poll_stream",
        "inbox.tasks.retry_quarantined",
        "inbox.tasks.look_at_waiting_messages",
    ),
    "send": ("inbox.tasks.send_replies_of_brand_account",),
    "ticks": (
        "inbox.tasks.poll_due_streams",
        "inbox.tasks.send_due_replies",
        "inbox.tasks.look_for_deletions",
        "inbox.tasks.wake_due_previews",
        "inbox.tasks.wake_bulk_acts",
        "accounts.tasks.wake_due_credential_checks",
    ),
}
_TIME_LIMITS = {"poll": (150, 180), "send": (150, 180), "ticks": (20, 30)}

app = Celery("horseshoe")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_default_queue="default",
    task_routes={task: {"queue": queue} for queue, tasks in _TASKS_BY_QUEUE.items() for task in tasks},
    # Seconds. The first number raises an exception in the task, the second ends its process. Nothing is lost: a poll
    # goes on at its cursor, and an answer whose attempt was cut is looked for on the network.
    task_soft_time_limit=600,
    task_time_limit=660,
    task_annotations={
        task: {"soft_time_limit": soft, "time_limit": hard}
        for queue, (soft, hard) in _TIME_LIMITS.items()
        for task in _TASKS_BY_QUEUE[queue]
    },
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # An unreachable broker must not block a process that only wants to wake a worker.
    broker_transport_options={
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry_on_timeout": True,
        "visibility_timeout": 60,
        "max_retries": 1,
        "interval_start": 0,
        "interval_max": 0.2,
    },
    task_publish_retry=False,
    beat_schedule={
        "poll": {"task": "inbox.tasks.poll_due_streams", "schedule": 1.0, "options": {"expires": 5}},
        "outbox": {"task": "inbox.tasks.send_due_replies", "schedule": 1.0, "options": {"expires": 5}},
        "assign": {
            "task": "inbox.tasks.run_automatic_assignment",
            "schedule": 2.0,
            "options": {"expires": 5},
        },
        "orphaned-cases": {
            "task": "inbox.tasks.sweep_orphaned_cases",
            "schedule": 300.0,
            "options": {"expires": 60},
        },
        "deletions": {
            "task": "inbox.tasks.look_for_deletions",
            "schedule": 15.0,
            "options": {"expires": 10},
        },
        "checks": {
            "task": "accounts.tasks.wake_due_credential_checks",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "troubles": {
            "task": "inbox.tasks.review_brand_accounts",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "notice-mails": {
            "task": "inbox.tasks.send_notice_mails",
            "schedule": 20.0,
            "options": {"expires": 15},
        },
        "charters": {
            "task": "inbox.tasks.remind_of_charters_and_reviews",
            "schedule": 600.0,
            "options": {"expires": 300},
        },
        "planned-answers": {
            "task": "inbox.tasks.release_planned_answers",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "snoozed-cases": {
            "task": "inbox.tasks.wake_snoozed_cases",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "reminders": {
            "task": "inbox.tasks.tell_of_due_reminders",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "overtaken-answers": {
            "task": "inbox.tasks.take_back_overtaken_answers",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "overtaken-approvals": {
            "task": "inbox.tasks.give_back_overtaken_answers",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "learning-items": {
            "task": "inbox.tasks.remind_owners_of_learning_items",
            "schedule": 600.0,
            "options": {"expires": 300},
        },
        "sign-in-counters": {
            "task": "accounts.tasks.delete_old_sign_in_counters",
            "schedule": 600.0,
            "options": {"expires": 300},
        },
        "connect-attempts": {
            "task": "accounts.tasks.delete_expired_attempts",
            "schedule": 600.0,
            "options": {"expires": 300},
        },
        "sessions": {
            "task": "accounts.tasks.delete_expired_sessions",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        "clocks": {"task": "inbox.tasks.run_clock_sweep", "schedule": 3.0, "options": {"expires": 10}},
        "reply-windows": {
            "task": "inbox.tasks.warn_of_ending_reply_windows",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "second-look": {
            "task": "inbox.tasks.review_new_decisions",
            "schedule": 2.0,
            "options": {"expires": 5},
        },
        "learning": {
            "task": "inbox.tasks.train_router_when_due",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "previews": {"task": "inbox.tasks.wake_due_previews", "schedule": 2.0, "options": {"expires": 5}},
        "bulk-acts": {"task": "inbox.tasks.wake_bulk_acts", "schedule": 2.0, "options": {"expires": 5}},
        "retention": {
            "task": "inbox.tasks.delete_old_texts",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "search-words": {
            "task": "inbox.tasks.fill_search_words",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "scheduled-reports": {
            "task": "reports.tasks.send_scheduled_reports",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "history": {"task": "reports.tasks.work_on_history", "schedule": 2.0, "options": {"expires": 5}},
        "long-files": {"task": "reports.tasks.write_long_files", "schedule": 2.0, "options": {"expires": 5}},
        "rollups": {"task": "reports.tasks.refresh_rollups", "schedule": 5.0, "options": {"expires": 5}},
        "topics": {"task": "reports.tasks.refresh_topics", "schedule": 20.0, "options": {"expires": 15}},
        "account-figures": {
            "task": "reports.tasks.count_account_figures",
            "schedule": 30.0,
            "options": {"expires": 25},
        },
        "housekeeping": {
            "task": "inbox.tasks.run_housekeeping",
            "schedule": 15.0,
            "options": {"expires": 30},
        },
    },
    timezone="UTC",
)
app.autodiscover_tasks()


def _report_alive(sender: Any = None, **_: Any) -> None:
    """Report that this worker lives, and which queues it serves.

    `/readyz` and the health check of its container read that. Celery's heartbeat calls it every two seconds; the keys expire after 15 seconds.
    """
    from config.health import HOST_KEY_PREFIX, QUEUE_KEY_PREFIX

    keys = [f"{QUEUE_KEY_PREFIX}{queue}" for queue in app.amqp.queues.consume_from]
    with contextlib.suppress(redis.RedisError), _heartbeat_redis().pipeline(transaction=False) as pipeline:
        for key in [*keys, f"{HOST_KEY_PREFIX}{socket.gethostname()}"]:
            pipeline.set(key, os.getpid(), ex=15)
        pipeline.execute()


@functools.cache
def _heartbeat_redis() -> redis.Redis:
    from django.conf import settings

    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _limit_database_time(**_: Any) -> None:
    """Limit the time of the worker's statements, before it starts processes."""
    from config.databases import limit_time_of_tasks

    limit_time_of_tasks()


signals.heartbeat_sent.connect(_report_alive)
signals.worker_process_init.connect(freeze_loaded_objects)
signals.worker_init.connect(_limit_database_time)
