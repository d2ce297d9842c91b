"""`manage.py up` in real processes, around the stand-in project (see conftest).

The product itself is started, used and stopped in tests/e2e/test_journey.py.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from conftest import Manage, build_standin, clean_environment, eventually

from config.embedded.ports import free_port
from config.embedded.postgres import Postgres
from config.embedded.process import SystemUser

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")]


@pytest.fixture
def start() -> Iterator[Callable[..., Manage]]:
    started: list[Manage] = []

    def begin(checkout: Path, *arguments: str, **options: object) -> Manage:
        started.append(Manage(checkout, *arguments, **options))
        return started[-1]

    yield begin
    for manage in started:
        manage.end()


def get(port: int, path: str) -> int:
    """The status of the answer, 0 when there is none."""
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "localhost"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def parent_of(number: int) -> int:
    # Its name, in brackets, may hold anything.
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])


def healthy(port: int) -> bool:
    return get(port, "/healthz") == 200


def test_it_starts_everything_refuses_a_second_and_stops_within_ten_seconds(standin, start):
    port = free_port()
    (standin / "posts.csv").write_text("text\nhello\n")
    up = start(standin, "up", "--port", str(port), "--stream", "posts.csv", "--rate", "20")
    up.wait_for("Ctrl-C stops it.")
    assert f"--rate 20 --stream {standin / 'posts.csv'}" in (up.home / "logs" / "simulator.log").read_text()
    text = up.text()
    assert f"http://127.0.0.1:{port}/" in text
    assert "Sign in as ada, networks at http://127.0.0.1:" in text
    assert healthy(port)
    left = "\n".join(up.left())
    for part in (
        "uvicorn",
        "-Q ticks",
        "-Q poll",
        "-Q send",
        "-Q default",
        "beat",
        "simulator",
        "postgres",
        "valkey-server",
    ):
        assert part in left
    assert (up.home / "running.json").stat().st_mode & 0o777 == 0o600
    assert (up.home / "secrets").stat().st_mode & 0o777 == 0o600

    second = start(standin, "up", "--port", str(free_port()))
    assert second.process.wait(180) == 1
    assert second.text().strip() == f"Horseshoe is running already at http://127.0.0.1:{port}/"

    other = start(standin, "nap", "0")
    assert other.process.wait(180) == 0
    assert other.text().strip() == f"connected {up.running()['redis_url']}"

    began = time.monotonic()
    assert up.end(signal.SIGTERM) == 0
    assert time.monotonic() - began <= 10
    assert up.left() == []
    assert not (up.home / "running.json").exists()


def test_kill_9_leaves_no_process_and_loses_nothing_even_190_characters_deep(folder, start):
    deep = folder / ("d" * 90)
    checkout = build_standin(deep / ("e" * (190 - len(str(deep)) - 1)))
    assert len(str(checkout)) == 190
    up = start(checkout, "up", "--port", str(free_port()))
    up.wait_for("Ctrl-C stops it.")
    eventually(
        lambda: sum("-Q poll" in line for line in up.left()) == 4, 60, up.left
    )  # one parent, a pool of three
    with psycopg.connect(up.running()["database_url"]) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('yes')")
    up.process.kill()
    up.process.wait()
    eventually(lambda: up.left() == [], 20, up.left)

    cluster = Postgres(up.home, up.home / "logs" / "postgres.log")
    cluster.start()
    try:
        with psycopg.connect(cluster.url) as connection:
            assert connection.execute("select word from kept").fetchall() == [("yes",)]
    finally:
        cluster.stop()


def test_servers_and_workers_that_die_come_back(standin, start):
    port = free_port()
    up = start(standin, "up", "--port", str(port), "--no-demo")
    up.wait_for("Ctrl-C stops it.")
    assert f"Make the first administrator: http://127.0.0.1:{port}/auth/first/" in up.text()
    running = up.running()
    client = redis.Redis.from_url(running["redis_url"])
    client.set("kept", "yes")
    for words in ("bin/postgres", "valkey-server", "uvicorn", "-Q send", "-Q ticks"):
        # The one that `up` started itself; others of that description are its children.
        found = [int(line.split()[0]) for line in up.left() if words in line]
        [victim] = [number for number in found if parent_of(number) == up.process.pid]
        os.kill(victim, signal.SIGKILL)

    def works() -> bool:
        try:
            with psycopg.connect(running["database_url"]) as connection:
                return healthy(port) and client.get("kept") == b"yes" and bool(connection.execute("select 1"))
        except (psycopg.OperationalError, redis.RedisError):
            return False

    for name in ("postgres", "valkey", "web", "worker-send", "worker-ticks"):
        up.wait_for(f"{name} was ended by signal 9; starting it again")
    eventually(works, 60, up.text)
    assert up.process.poll() is None


def test_a_worker_that_dies_again_and_again_leaves_the_rest_running(standin, start):
    port = free_port()
    up = start(standin, "up", "--port", str(port), "--no-demo")
    up.wait_for("Ctrl-C stops it.")

    def own(words: str) -> list[int]:
        found = [int(line.split()[0]) for line in up.left() if words in line]
        return [number for number in found if parent_of(number) == up.process.pid]

    [web] = own("uvicorn")
    while "worker-send does not work. Everything else goes on" not in up.text():
        eventually(lambda: own("-Q send") != [] or "worker-send does not work" in up.text(), 30, up.text)
        for victim in own("-Q send"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        time.sleep(0.1)
    noted = json.loads((up.home / "restarts.json").read_text())
    assert noted["worker-send"]["how"] == "was ended by signal 9"
    assert noted["worker-send"]["times"] >= 5
    assert own("uvicorn") == [web]
    assert healthy(port)
    assert up.process.poll() is None
    eventually(lambda: own("-Q send") != [], 60, up.text)
    assert up.end() == 0
    assert not (up.home / "restarts.json").exists()


def test_a_taken_port_is_said_before_anything_starts(standin, start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        up = start(standin, "up", "--port", str(taken.getsockname()[1]))
        assert up.process.wait(180) == 1
    assert "choose another port with --port" in up.text()
    assert "Starting Postgres" not in up.text()


def test_a_failing_migration_is_shown_and_stops_everything(standin, start):
    (standin / "config" / "settings.py").write_text("raise ValueError('the settings are wrong')\n")
    up = start(standin, "up", "--port", str(free_port()), "--no-demo")
    assert up.process.wait(180) == 1
    assert "the settings are wrong" in up.text()
    assert up.left() == []


def test_with_both_addresses_given_it_starts_no_servers_and_no_demo(standin, start):
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop database if exists standin_external")
        connection.execute("create database standin_external")
    env = clean_environment(
        HORSESHOE_HOME=str(standin / ".horseshoe"),
        DATABASE_URL=url.replace("/horseshoe?", "/standin_external?"),
        REDIS_URL=os.environ["REDIS_URL"],
    )
    up = start(standin, "up", "--port", str(free_port()), env=env)
    up.wait_for("Ctrl-C stops it.")
    left = "\n".join(up.left())
    assert "uvicorn" in left
    assert "simulator" not in left
    assert not (up.home / "postgres").exists()
    assert not (up.home / "valkey").exists()
    assert up.end() == 0


def test_wrong_options_are_said_before_anything_starts(standin, start):
    up = start(standin, "up", "--stream", "absent.csv")
    assert up.process.wait(180) == 1
    assert up.text() == "Cannot read absent.csv, which --stream names.\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_can_run_it(folder, start):
    nobody = pwd.getpwnam("nobody")
    python = _python_for(nobody)
    checkout = build_standin(folder / "checkout")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, nobody.pw_uid, nobody.pw_gid)
    # Our packages were chosen for our Python; one before 3.11.3 needs this one besides.
    (folder / "more").mkdir()
    (folder / "more" / "async_timeout.py").write_text("from asyncio import timeout\n")
    packages = os.pathsep.join([str(folder / "more"), *readable_packages(nobody, folder / "packages")])
    env = clean_environment(
        PYTHONPATH=packages, HORSESHOE_HOME=str(checkout / ".horseshoe"), HOME=str(folder)
    )
    port = free_port()
    up = start(
        checkout,
        "up",
        "--port",
        str(port),
        python=python,
        env=env,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )
    up.wait_for("Ctrl-C stops it.")
    assert healthy(port)
    owners = {Path(f"/proc/{line.split()[0]}").stat().st_uid for line in up.left()}
    assert owners == {nobody.pw_uid}
    assert up.end() == 0
    assert up.left() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_packages_below_a_closed_folder_are_given_in_another(folder, monkeypatch):
    nobody = pwd.getpwnam("nobody")
    packages = folder / "closed" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "module.py").write_text("answer = 42\n")
    monkeypatch.setattr(sys, "path", [str(packages)])
    assert readable_packages(nobody, folder / "copies") == [str(packages)]
    packages.parent.chmod(0o700)
    (copy,) = readable_packages(nobody, folder / "copies")
    assert Path(copy, "module.py").read_text() == "answer = 42\n"
    assert SystemUser(nobody.pw_uid, nobody.pw_gid, "nobody").may_read(Path(copy, "module.py"))
    assert (packages / "module.py").stat().st_uid == os.geteuid()


def readable_packages(user: pwd.struct_passwd, target: Path) -> list[str]:
    """Return folders with our packages that `user` can read: our own, or copies below `target` where it cannot reach them.

    Our own lie in the checkout, which may be below a folder that only root can enter.
    """
    account = SystemUser(user.pw_uid, user.pw_gid, user.pw_name)
    folders = []
    for number, path in enumerate(path for path in sys.path if path.endswith("site-packages")):
        if account.may_enter(Path(path)):
            folders.append(path)
            continue
        copy = target / str(number) / "site-packages"
        # The largest package, and nothing that an application imports.
        without = shutil.ignore_patterns("playwright", "__pycache__")
        shutil.copytree(path, copy, symlinks=True, ignore=without, copy_function=_link_or_copy)
        folders.append(str(copy))
    return folders


def _link_or_copy(source: str, target: str) -> None:
    """Link `target` to the file, or copy it to another file system.

    A link shares its owner and mode with the source: do not change them.
    """
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _python_for(user: pwd.struct_passwd) -> str:
    """A Python of our own minor version that `user` may run."""
    for candidate in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        try:
            asked = subprocess.run(
                [candidate, "-c", ""],
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                cwd="/",
                check=False,
            )
        except OSError:
            continue
        if asked.returncode == 0:
            return candidate
    pytest.skip(f"no Python {sys.version_info[:2]} that {user.pw_name} may run")
