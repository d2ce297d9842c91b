"""A session ends when password or role changes, when the person is signed out, and when they leave."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role, User
from accounts.people import verbs
from tests.accounts.conftest import signed_in

PAGE = "/brand-accounts/"


def is_in(client) -> bool:
    return client.get(PAGE).status_code == 200


@pytest.fixture
def agent(cast):
    return cast["agent"]


def test_it_lasts_over_requests_and_unrelated_changes(agent):
    client = signed_in(agent)
    User.objects.filter(pk=agent.pk).update(first_name="Other", initials="OT")
    assert is_in(client)


def test_a_new_role_ends_it(agent):
    client = signed_in(agent)
    agent.role = Role.MANAGER
    agent.save(update_fields=["role"])
    assert not is_in(client)


def test_a_new_password_ends_it(agent):
    client = signed_in(agent)
    agent.set_password("another horse battery")
    agent.save(update_fields=["password"])
    assert not is_in(client)


def test_an_administrator_ends_it(agent, admin):
    first, second = signed_in(agent), signed_in(agent)
    admin.post(reverse("accounts:user_sign_out", args=[agent.pk]))
    assert not is_in(first)
    assert not is_in(second)
    assert is_in(admin)


def test_coming_back_does_not_revive_it(agent, admin):
    client = signed_in(agent)
    address = reverse("accounts:user_active", args=[agent.pk])
    admin.post(address, {"active": "0"})
    assert not is_in(client)
    admin.post(address, {"active": "1"})
    assert not is_in(client)
    assert is_in(signed_in(User.objects.get(pk=agent.pk)))


def test_a_key_that_was_replaced_still_opens_it(agent, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old-" * 20, []
    client = signed_in(agent)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new-" * 20, ["old-" * 20]
    assert is_in(client)


def test_other_rooms_release_the_work_of_who_leaves(agent, administrator, monkeypatch):
    released = []
    monkeypatch.setattr(verbs, "user_left_hooks", [lambda user, by, now: released.append((user, by))])
    signed_in(administrator).post(reverse("accounts:user_active", args=[agent.pk]), {"active": "0"})
    assert released == [(agent, administrator)]
