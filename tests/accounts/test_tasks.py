"""Periodic tasks of accounts that delete what has expired."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import tasks
from accounts.models import ConnectAttempt
from config.celery import app
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_tokens_that_nobody_confirmed_do_not_stay():
    now = timezone.now()
    for minutes in (5, 25):
        ConnectAttempt.objects.create(
            state_digest=str(minutes),
            network="x",
            user=UserFactory(),
            created_at=now - dt.timedelta(minutes=minutes),
            envelope=b"granted",
        )
    tasks.delete_expired_attempts()
    assert list(ConnectAttempt.objects.values_list("state_digest", flat=True)) == ["5"]


def test_expired_sessions_do_not_stay():
    now = timezone.now()
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + dt.timedelta(days=days))
    tasks.delete_expired_sessions()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_both_are_scheduled():
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {tasks.delete_expired_attempts.name, tasks.delete_expired_sessions.name} <= scheduled
