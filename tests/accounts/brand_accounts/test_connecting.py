"""Connecting, connecting again and disconnecting, against the simulated networks on the wire."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.brand_accounts import checked, checks
from accounts.brand_accounts.connecting import ConnectRefused, connect_brand_account, disconnect_brand_account
from accounts.credentials.store import CredentialUnusable, open_credential, rotate_credentials, seal_secrets
from accounts.models import BrandAccount, Credential, Stream

pytestmark = pytest.mark.django_db


def connect(row, **changes):
    row = {name: row[name] for name in ("network", "remote_id", "handle", "name", "secrets")} | changes
    return connect_brand_account(owner_department=None, by=None, now=timezone.now(), **row)


@pytest.fixture
def kettle(networks):
    return networks.accounts("x")[0]


@pytest.mark.parametrize(
    ("network", "kinds"),
    [("x", {"mentions", "comments", "direct"}), ("facebook", {"comments", "visitor_posts", "direct"})],
)
def test_it_stores_account_credential_and_streams(networks, network, kinds):
    row = networks.accounts(network)[0]
    account = connect(row)
    assert (account.remote_id, account.handle, account.health) == (row["remote_id"], row["handle"], "ok")
    assert account.verified_at is not None
    assert open_credential(account).secrets == row["secrets"]
    assert set(account.streams.values_list("kind", flat=True)) == kinds
    assert not account.streams.filter(next_poll_at__gt=timezone.now()).exists()


def test_connecting_again_keeps_cursor_charter_and_pause(kettle):
    account = connect(kettle)
    BrandAccount.objects.filter(pk=account.pk).update(
        health="reauthorise",
        health_detail="revoked",
        purpose="Help",
        connected_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    )
    account.streams.filter(kind="mentions").update(cursor={"since_id": "7"}, failures=3, last_error="401")
    account.streams.filter(kind="direct").update(enabled=False)
    later = timezone.now() + dt.timedelta(days=30)
    account.streams.update(next_poll_at=later)

    again = connect(kettle)

    assert again.pk == account.pk
    assert (again.health, again.health_detail, again.purpose, again.connected_at.year) == (
        "ok",
        "",
        "Help",
        2020,
    )
    mentions = again.streams.get(kind="mentions")
    assert (mentions.cursor, mentions.failures, mentions.last_error) == ({"since_id": "7"}, 0, "")
    assert mentions.next_poll_at < later
    assert not again.streams.get(kind="direct").enabled
    assert again.streams.count() == 3


def test_another_accounts_secrets_are_refused_and_change_nothing(networks, kettle):
    other = networks.accounts("x")[1]
    account = connect(kettle)
    before = Credential.objects.get().envelope
    with pytest.raises(ConnectRefused, match="belong to kettlefern_help"):
        connect(kettle, secrets=other["secrets"])
    assert bytes(Credential.objects.get(brand_account=account).envelope) == bytes(before)
    with pytest.raises(ConnectRefused):
        connect(other, secrets=kettle["secrets"])
    assert BrandAccount.objects.count() == 1


def test_secrets_that_the_network_does_not_know_are_refused(kettle):
    wrong = {**kettle["secrets"], "access_token_secret": "wrong"}
    with pytest.raises(ConnectRefused, match="does not accept these credentials"):
        connect(kettle, secrets=wrong)
    assert not BrandAccount.objects.exists()


def test_a_network_that_cannot_be_reached_connects_nothing(kettle, settings):
    settings.NETWORK_API_URLS = {"x": "http://127.0.0.1:9"}
    with pytest.raises(ConnectRefused, match="could not be asked"):
        connect(kettle)
    assert not BrandAccount.objects.exists()


@pytest.mark.parametrize("remote_id", ["", " ", "1 2", "9" * 65, "a\0b"])
def test_what_is_no_id_is_refused(kettle, remote_id):
    with pytest.raises(ConnectRefused, match="id of the account"):
        connect(kettle, remote_id=remote_id, verify=False)


def test_disconnecting_forgets_the_secret_and_keeps_the_rest(kettle, administrator):
    account = connect(kettle)
    account.streams.filter(kind="mentions").update(cursor={"since_id": "7"})
    disconnect_brand_account(account, by=administrator, now=timezone.now())
    account.refresh_from_db()
    assert not Credential.objects.exists()
    assert (account.lifecycle, account.health) == ("closed", "reauthorise")
    with pytest.raises(CredentialUnusable):
        open_credential(account)
    assert connect(kettle).pk == account.pk
    account.refresh_from_db()
    assert (account.lifecycle, account.health) == ("active", "ok")
    assert account.streams.get(kind="mentions").cursor == {"since_id": "7"}


class TestCredentials:
    def test_swapped_ciphertexts_are_refused(self, networks):
        first, second = (connect(row) for row in networks.accounts("x")[:2])
        one, two = Credential.objects.get(brand_account=first), Credential.objects.get(brand_account=second)
        one.envelope, two.envelope = two.envelope, one.envelope
        Credential.objects.bulk_update([one, two], ["envelope"])
        for account in (first, second):
            with pytest.raises(CredentialUnusable, match="belongs to another account"):
                open_credential(account)

    def test_rotation_opens_with_the_new_key_alone(self, kettle, settings):
        from cryptography.fernet import Fernet

        account = connect(kettle)
        old, new = settings.CREDENTIAL_KEYS, Fernet.generate_key().decode()
        settings.CREDENTIAL_KEYS = [new, *old]
        assert rotate_credentials(now=timezone.now()) == 1
        settings.CREDENTIAL_KEYS = [new]
        assert open_credential(account).secrets == kettle["secrets"]
        settings.CREDENTIAL_KEYS = old
        with pytest.raises(CredentialUnusable, match="cannot be opened"):
            open_credential(account)

    def test_rotation_changes_nothing_when_one_cannot_be_opened(self, networks, settings):
        from cryptography.fernet import Fernet

        connect(networks.accounts("x")[0])
        lost = connect(networks.accounts("x")[1])
        Credential.objects.filter(brand_account=lost).update(
            envelope=Fernet(Fernet.generate_key()).encrypt(b"{}")
        )
        before = [bytes(row.envelope) for row in Credential.objects.order_by("pk")]
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("rotate_credentials")
        assert [bytes(row.envelope) for row in Credential.objects.order_by("pk")] == before

    def test_the_secret_is_not_in_the_database_in_clear(self, kettle):
        connect(kettle)
        stored = bytes(Credential.objects.get().envelope)
        assert kettle["secrets"]["access_token_secret"].encode() not in stored


class TestChecks:
    def test_a_working_credential_is_healthy(self, kettle):
        account = connect(kettle)
        BrandAccount.objects.update(health="unwell", verified_at=None)
        checks.check_credential(account.pk, timezone.now())
        account.refresh_from_db()
        assert account.health == "ok"
        assert account.verified_at is not None
        assert account.check_due_at > timezone.now()

    def test_another_accounts_secret_has_to_be_replaced(self, networks, kettle):
        account = connect(kettle)
        other = networks.accounts("x")[1]
        Credential.objects.update(envelope=seal_secrets("x", kettle["remote_id"], other["secrets"]))
        checks.check_credential(account.pk, timezone.now())
        account.refresh_from_db()
        assert account.health == "reauthorise"
        assert "kettlefern_help" in account.health_detail

    def test_a_limit_that_lasts_is_kept(self, kettle):
        account = connect(kettle)
        until = timezone.now() + dt.timedelta(minutes=10)
        BrandAccount.objects.update(health="limited", health_until=until)
        checks.check_credential(account.pk, timezone.now())
        account.refresh_from_db()
        assert (account.health, account.health_until) == ("limited", until)

    def test_what_is_learnt_about_a_replaced_credential_is_dropped(self, kettle, monkeypatch):
        account = connect(kettle)
        Credential.objects.update(
            envelope=seal_secrets("x", kettle["remote_id"], {**kettle["secrets"], "access_token": "no"})
        )
        sentence = checks._error_sentence

        def meanwhile(error):
            connect(kettle)
            return sentence(error)

        monkeypatch.setattr(checks, "_error_sentence", meanwhile)
        checks.check_credential(account.pk, timezone.now())
        account.refresh_from_db()
        assert account.health == "ok"

    def test_a_check_is_claimed_once_and_comes_daily(self, kettle):
        account = connect(kettle)
        now = timezone.now()
        assert checks.claim_due_checks(now) == []
        checked.request_check(account, now=now)
        assert checks.claim_due_checks(now) == [account.pk]
        assert checks.claim_due_checks(now) == []
        assert checks.claim_due_checks(now + dt.timedelta(minutes=6)) == [account.pk]

    def test_a_disconnected_account_is_not_checked(self, kettle, administrator):
        account = connect(kettle)
        disconnect_brand_account(account, by=administrator, now=timezone.now())
        BrandAccount.objects.update(check_due_at=None)
        assert checks.claim_due_checks(timezone.now()) == []


class TestCommand:
    @pytest.fixture
    def given(self, tmp_path):
        def write(content: str | bytes) -> str:
            path = tmp_path / "credentials.json"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(0o600)
            return str(path)

        return write

    def run(self, path: str, *more: str, remote_id: str = "1", network: str = "x") -> None:
        call_command(
            "connect",
            network,
            "--handle",
            "@kettle",
            "--remote-id",
            remote_id,
            "--credentials-file",
            path,
            *more,
        )

    def test_it_connects(self, kettle, given, department, capsys):
        path = given(json.dumps(kettle["secrets"]))
        self.run(path, "--owner-department", "service", remote_id=kettle["remote_id"])
        account = BrandAccount.objects.get()
        assert (account.handle, account.owner_department) == ("kettleandfern", department)
        printed = capsys.readouterr()
        assert "Connected @kettleandfern on X" in printed.out
        assert kettle["secrets"]["access_token"] not in printed.out + printed.err

    def test_without_asking_the_network(self, given, capsys):
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        self.run(given(json.dumps(dict.fromkeys(names, "s"))), "--no-verify")
        account = BrandAccount.objects.get()
        assert (account.handle, account.verified_at) == ("kettle", None)
        assert "Not verified" in capsys.readouterr().err
        assert checks.claim_due_checks(timezone.now()) == [account.pk]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "not valid JSON"),
            ('{"a": ', "not valid JSON"),
            ("[" * 60_000, "not valid JSON"),
            (b"\xff\xfe{}", "not UTF-8"),
            ("[]", "one JSON object"),
            ("{}", "one JSON object"),
            ('{"access_token": 5, "x": " "}', "access_token, x"),
            ('{"consumer_key": "canary"}', "is missing"),
            ('{"a": "' + "x" * 70_000 + '"}', "not a credentials file"),
        ],
    )
    def test_a_bad_file_is_told_and_stores_nothing(self, given, content, says):
        with pytest.raises(CommandError, match=says) as caught:
            self.run(given(content), "--no-verify")
        assert "canary" not in str(caught.value)
        assert not BrandAccount.objects.exists()

    def test_other_mistakes_are_told(self, given, tmp_path):
        path = given('{"access_token": "a"}')
        with pytest.raises(CommandError, match="Cannot read"):
            self.run(str(tmp_path / "absent.json"))
        with pytest.raises(CommandError, match="Cannot read"):
            self.run(str(tmp_path))
        with pytest.raises(CommandError, match="no network “smoke”"):
            self.run(path, network="smoke")
        with pytest.raises(CommandError, match="no department “attic”"):
            self.run(path, "--owner-department", "attic")

    def test_it_warns_of_a_file_that_others_can_read(self, kettle, tmp_path, capsys):
        path = tmp_path / "open.json"
        path.write_text(json.dumps(kettle["secrets"]))
        path.chmod(0o644)
        self.run(str(path), remote_id=kettle["remote_id"])
        assert "chmod 600" in capsys.readouterr().err


def test_no_page_shows_a_secret(kettle, admin):
    account = connect(kettle)
    addresses = [
        reverse("accounts:brand_accounts"),
        reverse("accounts:brand_account_edit", args=[account.pk]),
        reverse("accounts:brand_account_disconnect", args=[account.pk]),
    ]
    for address in addresses:
        html = admin.get(address).content.decode()
        assert "kettleandfern" in html
        for name, value in kettle["secrets"].items():
            assert value not in html, name


def test_pausing_keeps_the_cursor_and_resuming_polls_at_once(kettle, admin):
    account = connect(kettle)
    later = timezone.now() + dt.timedelta(hours=5)
    account.streams.filter(kind="mentions").update(cursor={"since_id": "7"}, next_poll_at=later)
    address = reverse("accounts:stream_switch", args=[account.pk, "mentions"])
    admin.post(address, {"enabled": "0"})
    assert not Stream.objects.get(kind="mentions").enabled
    admin.post(address, {"enabled": "1"})
    stream = Stream.objects.get(kind="mentions")
    assert stream.enabled
    assert stream.cursor == {"since_id": "7"}
    assert stream.next_poll_at < later
