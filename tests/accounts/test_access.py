"""Every address of this room, for everybody: one table. An address that is not in it fails the suite."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounts import urls
from accounts.models import BrandAccount, Department, Stream, User
from tests.accounts.conftest import signed_in
from tests.factories import UserFactory

#: When more was written than the network hands out.
GAP = dt.datetime(2026, 11, 18, 9, 30, 0, 250_000, tzinfo=dt.UTC)
ADMINISTRATOR = ["administrator"]
EVERYBODY = ["administrator", "manager", "community", "agent", "analyst"]

#: Anybody reaches these: tests/accounts/sign_in/test_password_reset.py.
DOOR = {"forgotten_password", "own_addresses", "first_administrator"}
#: Name → (method, its arguments, form, status for those who may, who may).
TABLE: dict[str, list[tuple[str, tuple[str, ...], dict[str, str], int, list[str]]]] = {
    "brand_accounts": [("get", (), {}, 200, EVERYBODY), ("post", (), {}, 405, EVERYBODY)],
    "charter": [
        ("get", ("brand",), {}, 200, EVERYBODY),
        ("post", ("brand",), {}, 200, ["administrator", "manager"]),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "sunset": [
        ("get", ("brand",), {}, 200, ["administrator", "manager"]),
        ("post", ("brand",), {"act": "begin"}, 302, ["administrator", "manager"]),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "brand_account_edit": [
        ("get", ("brand",), {}, 200, ADMINISTRATOR),
        ("post", ("brand",), {}, 405, []),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "brand_account_check": [
        ("post", ("brand",), {}, 302, ADMINISTRATOR),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
        ("get", ("brand",), {}, 405, []),
    ],
    "brand_account_disconnect": [
        ("get", ("brand",), {}, 200, ADMINISTRATOR),
        ("post", ("brand",), {}, 302, ADMINISTRATOR),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "brand_account_answerers": [
        ("get", ("brand",), {}, 200, ADMINISTRATOR),
        ("post", ("brand",), {}, 302, ADMINISTRATOR),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "stream_switch": [
        ("post", ("brand", "mentions"), {"enabled": "0"}, 302, ADMINISTRATOR),
        ("post", ("brand", "mentions"), {"enabled": "2"}, 404, ADMINISTRATOR),
        ("post", ("brand", "smoke"), {"enabled": "0"}, 404, ADMINISTRATOR),
        ("get", ("brand", "mentions"), {}, 405, []),
    ],
    "gap_settle": [
        ("post", ("brand", "mentions"), {"gap": GAP.isoformat()}, 302, ["administrator", "manager"]),
        ("post", ("brand", "mentions"), {"gap": "yesterday"}, 404, ADMINISTRATOR),
        ("post", ("brand", "smoke"), {"gap": GAP.isoformat()}, 404, ADMINISTRATOR),
        ("post", ("absent", "mentions"), {"gap": GAP.isoformat()}, 404, ADMINISTRATOR),
        ("get", ("brand", "mentions"), {}, 405, []),
    ],
    "connect_start": [
        ("get", ("x",), {}, 200, ADMINISTRATOR),
        ("get", ("smoke",), {}, 404, ADMINISTRATOR),
        ("post", ("x",), {}, 200, ADMINISTRATOR),
    ],
    "connect_callback": [
        ("get", ("x",), {}, 400, ADMINISTRATOR),
        ("get", ("smoke",), {}, 404, ADMINISTRATOR),
        ("post", ("x",), {}, 405, []),
    ],
    "connect_confirm": [
        ("get", ("absent",), {}, 400, ADMINISTRATOR),
        ("post", ("absent",), {}, 400, ADMINISTRATOR),
    ],
    "people": [("get", (), {}, 200, ADMINISTRATOR), ("post", (), {}, 405, [])],
    "user_new": [("get", (), {}, 200, ADMINISTRATOR), ("post", (), {}, 200, ADMINISTRATOR)],
    "user_edit": [
        ("get", ("person",), {}, 200, ADMINISTRATOR),
        ("post", ("person",), {}, 200, ADMINISTRATOR),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "user_active": [
        ("post", ("person",), {"active": "0"}, 302, ADMINISTRATOR),
        ("post", ("person",), {"active": ""}, 404, ADMINISTRATOR),
        ("post", ("absent",), {"active": "0"}, 404, ADMINISTRATOR),
        ("get", ("person",), {}, 405, []),
    ],
    "user_leaving": [
        ("get", ("person",), {}, 200, ADMINISTRATOR),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
        ("post", ("person",), {}, 405, []),
    ],
    "user_password_link": [("post", ("person",), {}, 200, ADMINISTRATOR), ("get", ("person",), {}, 405, [])],
    "user_sign_out": [("post", ("person",), {}, 302, ADMINISTRATOR), ("get", ("person",), {}, 405, [])],
    "user_work": [
        ("post", ("colleague",), {"capacity": "5"}, 302, ["administrator", "manager"]),
        ("post", ("person",), {"capacity": "5"}, 302, ADMINISTRATOR),
        ("post", ("absent",), {"capacity": "5"}, 404, ADMINISTRATOR),
        ("get", ("person",), {}, 302, ADMINISTRATOR),
    ],
    "leave_add": [
        ("post", ("colleague",), {"starts_on": "2026-12-01"}, 200, ["administrator", "manager"]),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
        ("get", ("person",), {}, 405, []),
    ],
    "leave_remove": [("post", ("absent",), {}, 404, ADMINISTRATOR), ("get", ("absent",), {}, 405, [])],
    "departments": [("get", (), {}, 200, ADMINISTRATOR), ("post", (), {}, 200, ADMINISTRATOR)],
    "department_edit": [
        ("get", ("department",), {}, 200, ADMINISTRATOR),
        ("post", ("department",), {}, 200, ADMINISTRATOR),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "department_open": [
        ("post", ("department",), {"open": "1"}, 302, ADMINISTRATOR),
        ("post", ("department",), {"open": "yes"}, 404, ADMINISTRATOR),
        ("get", ("department",), {}, 405, []),
    ],
    "audit_log": [("get", (), {}, 200, ["administrator", "manager"]), ("post", (), {}, 405, [])],
    "audit_csv": [("get", (), {}, 200, ["administrator", "manager"]), ("post", (), {}, 405, [])],
    "roster": [("get", (), {}, 200, EVERYBODY), ("post", (), {}, 405, [])],
    "roster_week": [("get", ("brand",), {}, 200, EVERYBODY), ("get", ("absent",), {}, 404, ADMINISTRATOR)],
    "shift_add": [
        ("post", ("brand",), {"starts_at": "x"}, 200, ["administrator", "manager"]),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "roster_hours": [
        ("post", ("brand",), {"time_zone": "x"}, 200, ["administrator", "manager"]),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "roster_copy": [
        ("post", ("brand",), {}, 302, ["administrator", "manager"]),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "roster_swap": [
        ("post", ("brand",), {}, 200, ["administrator", "manager"]),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "shift_edit": [
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
        ("post", ("absent",), {}, 404, ADMINISTRATOR),
    ],
    "shift_remove": [("post", ("absent",), {}, 404, ADMINISTRATOR), ("get", ("absent",), {}, 405, [])],
    "shift_restore": [
        ("post", ("brand",), {}, 302, ["administrator", "manager"]),
        ("get", ("brand",), {}, 405, []),
    ],
    "department_assignment": [
        ("get", ("department",), {}, 200, ["administrator", "manager"]),
        ("post", ("department",), {"assignment_mode": "round_robin"}, 302, ["administrator", "manager"]),
        ("get", ("absent",), {}, 404, ADMINISTRATOR),
    ],
}
ROWS = [
    pytest.param(name, *row, id=f"{row[0]}-{name}-{'-'.join(row[1])}-{row[3]}")
    for name, rows in TABLE.items()
    for row in rows
]


def snapshot() -> list[object]:
    """What no refused request may change."""
    return [list(model.objects.order_by("pk").values()) for model in (User, BrandAccount, Stream, Department)]


def test_every_address_is_in_the_table():
    assert {pattern.name for pattern in urls.urlpatterns} == set(TABLE) | DOOR


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method", "arguments", "form", "status", "who"), ROWS)
def test_who_may(name, method, arguments, form, status, who, cast, brand_account, settings):
    settings.X_CLIENT_ID = "client"
    Stream.objects.update(overflowed_at=GAP)
    ids = {
        "brand": brand_account.pk,
        "person": UserFactory().pk,
        "colleague": cast["agent"].pk,
        "department": brand_account.owner_department_id,
        "absent": 987654,
    }
    address = reverse(f"accounts:{name}", args=[ids.get(argument, argument) for argument in arguments])
    for identity in [*EVERYBODY, None]:
        before = snapshot()
        client = signed_in(cast.get(identity))
        answer = getattr(client, method)(address, form)
        if status == 405:
            assert answer.status_code == 405, identity
        elif identity is None:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/auth/login/")
        elif identity in who:
            assert answer.status_code == status, identity
            if status in (200, 302) and method == "post":
                # So that the next identity meets the same world.
                BrandAccount.objects.filter(pk=brand_account.pk).update(lifecycle="active")
            continue
        else:
            assert answer.status_code == 404, identity
        # Signing in and asking are signs of life.
        unseen = {"last_login": None, "last_seen_at": None}
        before[0] = [{**row, **unseen} for row in before[0]]
        after = snapshot()
        after[0] = [{**row, **unseen} for row in after[0]]
        assert after == before, identity


@pytest.mark.parametrize("name", ["brand_account_disconnect", "user_new", "connect_start"])
def test_it_asks_for_the_password_again(name, administrator, brand_account, settings):
    settings.X_CLIENT_ID = "client"
    arguments = {"brand_account_disconnect": [brand_account.pk], "connect_start": ["x"]}.get(name, [])
    answer = signed_in(administrator, recently=False).get(reverse(f"accounts:{name}", args=arguments))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/auth/reauthenticate/")


def test_a_stale_sign_in_cannot_disconnect(administrator, brand_account):
    address = reverse("accounts:brand_account_disconnect", args=[brand_account.pk])
    signed_in(administrator, recently=False).post(address)
    brand_account.refresh_from_db()
    assert brand_account.lifecycle == "active"


def test_a_deactivated_administrator_is_nobody(administrator):
    client = signed_in(administrator)
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    assert client.get(reverse("accounts:people")).status_code == 302
