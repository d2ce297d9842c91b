"""Postgres and Valkey of our own: their life, their locks, who may reach them."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from conftest import CHECKOUT, Manage, clean_environment, eventually

from config.embedded import binaries, ports, postgres
from config.embedded.data_folder import Home, RunningInstance
from config.embedded.postgres import Postgres
from config.embedded.process import EmbeddedError
from config.embedded.valkey import Valkey


@pytest.fixture
def home(folder) -> Home:
    made = Home(folder / "home")
    made.prepare()
    return made


@pytest.fixture
def cluster(home):
    made = Postgres(home.path, home.logs / "postgres.log")
    yield made
    made.stop()


@pytest.fixture
def valkey(home):
    made = Valkey(home.path, home.logs / "valkey.log")
    yield made
    made.stop()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_what_was_committed_survives_a_killed_postmaster_and_an_immediate_restart(cluster):
    cluster.start()
    url = cluster.url
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (number int)")
        connection.execute("insert into kept select generate_series(1, 1000)")
    cluster.process.send_signal(signal.SIGKILL)
    cluster.start()
    assert cluster.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)
        settings = "select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('TimeZone')"
        assert connection.execute(settings).fetchone() == ("on", "on", "UTC")
        assert connection.execute("select upper('é'), current_user").fetchone() == ("É", "horseshoe")
        wanted = "('pg_trgm', 'unaccent', 'btree_gist', 'citext')"
        available = f"select count(*) from pg_available_extensions where name in {wanted}"
        assert connection.execute(available).fetchone() == (4,)


@pytest.mark.slow
def test_nobody_else_reaches_the_cluster(cluster):
    cluster.start()
    assert mode(cluster._socket) == 0o700
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show unix_socket_permissions").fetchone() == ("0700",)


@pytest.mark.slow
def test_a_half_made_cluster_is_made_anew(cluster, home):
    folder, _ = binaries.postgres_folder(home.path)
    (folder / "data.new").mkdir()
    (folder / "data.new" / "half").write_text("a file of an interrupted initdb")
    cluster.start()
    assert not (folder / "data.new").exists()
    assert (folder / "data" / "PG_VERSION").exists()


def test_data_of_another_version_is_refused_with_the_way_out(cluster, home):
    folder, _ = binaries.postgres_folder(home.path)
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"made by Postgres 9.*pg_dumpall"):
        cluster.launch()


@pytest.mark.slow
def test_a_reason_not_to_start_is_shown(cluster, home, monkeypatch):
    monkeypatch.setitem(postgres.TUNING, "shared_buffers", "nonsense")
    with pytest.raises(EmbeddedError, match=r"(?s)Postgres did not start.*nonsense"):
        cluster.start()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_note_of_a_dead_postmaster_whose_number_was_given_away_is_removed(home):
    note = home.path / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n/somewhere\n")
    postgres._forget_dead_postmaster(note)
    assert not note.exists()
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)", "postgres"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as alive:
        # While it is being started, the system does not know its arguments yet.
        alive.stdout.readline()
        note.write_text(f"{alive.pid}\n/somewhere\n")
        postgres._forget_dead_postmaster(note)
        assert note.exists()
        alive.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_where_the_other_user_cannot_go_the_data_moves_and_a_link_stays(folder, monkeypatch):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(binaries, "SHARED_HOME", folder / "shared")
    home = Home(closed / "home")
    home.prepare()
    made, user = binaries.postgres_folder(home.path)
    assert made.parent == folder / "shared"
    assert (home.path / "postgres").resolve() == made
    assert user.may_enter(made)
    assert mode(made) == 0o700
    assert (made / "BELONGS-TO").read_text() == f"{home.path}\n"
    assert binaries.postgres_folder(home.path) == (made, user)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_programs_that_the_other_user_cannot_execute_are_copied(folder, monkeypatch, cluster):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    user = binaries.postgres_user(folder)
    source = binaries.postgres_programs(folder, user).parent
    (closed / "postgres").symlink_to(source)
    monkeypatch.setenv("PG_BIN", str(closed / "postgres" / "bin"))
    cluster.start()
    assert cluster._programs.is_relative_to(cluster._folder)
    with psycopg.connect(cluster.url) as connection:
        connection.execute("create extension pg_trgm")


@pytest.mark.slow
def test_valkey_wants_its_password_and_keeps_its_data_and_address(valkey):
    valkey.start()
    url = valkey.url
    assert mode(valkey.folder / "valkey.conf") == 0o600
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey._port).ping()
    client = redis.Redis.from_url(url)
    client.set("kept", "yes")
    valkey.process.kill()
    valkey.start()
    assert valkey.url == url
    assert client.get("kept") == b"yes"
    assert client.config_get("maxmemory-policy", "appendonly") == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
    }


@pytest.mark.slow
def test_a_spoilt_valkey_file_is_put_aside_and_work_goes_on(valkey):
    valkey.start()
    redis.Redis.from_url(valkey.url).set("hint", "x" * 1000)
    valkey.stop()
    for part in (valkey.folder / "appendonlydir").iterdir():
        part.write_bytes(b"spoilt\r\n" * 50)
    valkey.start()
    assert redis.Redis.from_url(valkey.url).ping()
    assert list(valkey.folder.glob("appendonlydir.unreadable-*"))


def test_a_port_for_later_is_none_that_the_system_gives_away_meanwhile(monkeypatch, tmp_path):
    note = tmp_path / "range"
    monkeypatch.setattr(ports, "_PORT_RANGE_FILE", note)
    note.write_text("32768\t60999\n")
    assert all(20_000 <= ports.free_port() < 32_768 for _ in range(50))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.free_port()))
        offers = iter([taken.getsockname()[1] - 20_000, 5])
        monkeypatch.setattr(ports.secrets, "randbelow", lambda _: next(offers, 6))
        assert ports.free_port() in (20_005, 20_006)
    note.write_text("1024\t65535\n")
    assert ports.free_port() >= 1024


def test_one_process_at_a_time_has_the_folder_and_its_note_tells_who(home):
    assert home.lock()
    assert Home(home.path).read_running() is None
    note = RunningInstance(os.getpid(), "up", "http://127.0.0.1:1/", "postgresql://…", "redis://…")
    home.announce_running(note)
    code = (
        "from pathlib import Path; from config.embedded.data_folder import Home\n"
        f"home = Home(Path({str(home.path)!r})); print(home.lock(), home.read_running().pid)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert other.stdout.split() == ["False", str(os.getpid())]
    assert mode(home.path / "running.json") == 0o600
    home.release()
    assert Home(home.path).read_running() is None


def test_the_demo_s_tokens_go_to_the_demo_s_networks_only(home):
    assert home.demo_networks(own_database=False) == {}
    home.demo_note.write_text('{"port": 4711, "own_database": false}')
    assert home.demo_networks(own_database=False) == {
        "X_API_URL": "http://127.0.0.1:4711/x",
        "GRAPH_API_URL": "http://127.0.0.1:4711/graph",
    }
    assert home.demo_networks(own_database=True) == {}
    home.demo_note.write_text("spoilt")
    assert home.demo_networks(own_database=False) == {}


def test_secrets_are_made_once_and_for_their_owner_only(home):
    from cryptography.fernet import Fernet

    first = home.ensure_secrets()
    assert home.ensure_secrets() == first == home.read_secrets()
    assert mode(home.path / "secrets") == 0o600
    assert len(first["SECRET_KEY"]) >= 50
    Fernet(first["CREDENTIAL_KEYS"]).encrypt(b"token")


def test_a_folder_that_is_not_ours_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="Set HORSESHOE_HOME"):
        Home(tmp_path / "file" / "home").prepare()


@pytest.mark.slow
def test_commands_wait_for_each_other_and_stop_their_servers(standin):
    first = Manage(standin, "nap", "60")
    first.wait_for("connected")
    second = Manage(standin, "nap", "0")
    up = Manage(standin, "up", "--no-demo")
    second.wait_for("is using the embedded servers; waiting")
    assert up.process.wait(180) == 1
    assert f"is in use by `manage.py nap` (process {first.process.pid})" in up.text()
    assert first.end(signal.SIGINT) == 130
    assert second.process.wait(180) == 0
    assert "Starting the embedded servers for `nap`" in first.text()
    assert "connected redis://" in second.text()
    eventually(lambda: first.left() == [], 20, first.left)


@pytest.mark.slow
def test_a_command_on_a_fresh_machine_makes_its_tables_and_says_which_are_missing(standin):
    first, again = (Manage(standin, "nap", "0") for _ in range(2))
    assert (first.process.wait(180), again.process.wait(180)) == (0, 0)
    texts = [one.text() for one in (first, again)]
    assert sorted("Preparing the database" in text for text in texts) == [False, True]
    home = Home(standin / ".horseshoe")
    servers = Postgres(home.path, home.logs / "postgres.log")
    servers.start()
    try:
        with psycopg.connect(servers.url) as connection:
            assert connection.execute("select count(*) from django_migrations").fetchone() != (0,)
    finally:
        servers.stop()
    peek = Manage(standin, "peek")
    assert peek.process.wait(180) == 1
    assert "does not have the tables of this release" in peek.text()
    assert "`python3 manage.py migrate` makes them" in peek.text()
    assert "Traceback" not in peek.text()


def test_commands_that_need_no_data_start_nothing(standin):
    env = clean_environment(HORSESHOE_HOME=str(standin / ".horseshoe"))
    command = [sys.executable, str(standin / "manage.py"), "makemigrations", "--check"]
    subprocess.run(command, cwd=standin, env=env, check=True, capture_output=True)
    assert not (standin / ".horseshoe").exists()
