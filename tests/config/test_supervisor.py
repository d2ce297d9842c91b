"""The supervisor over children that are a line of Python each."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from conftest import eventually

from config import supervisor
from config.supervisor import GivenUpError, Program, Supervisor


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def noted() -> list[dict]:
    return []


@pytest.fixture
def keeper(said, noted, monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.01)
    made = Supervisor(said.append, noted.append)
    yield made
    made.stop()


def program(folder: Path, name: str, code: str, patience: float = 2.0) -> Program:
    return Program(
        name, [sys.executable, "-c", code], folder / f"{name}.log", dict(os.environ), folder, patience
    )


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def test_a_dead_child_is_started_again(keeper, said, tmp_path):
    child = program(tmp_path, "web", SLEEP)
    keeper.keep_alive(child)
    first = child.process
    first.kill()
    first.wait()
    keeper.restart_dead_children(time.monotonic())
    assert said == [
        f"web was ended by signal 9; starting it again in 0.01 s. Its log: {tmp_path / 'web.log'}"
    ]
    assert child.process is first
    keeper.restart_dead_children(time.monotonic() + 1)
    assert child.process is not first
    assert child.process.poll() is None


@pytest.mark.slow
def test_a_child_that_keeps_dying_leaves_the_others_running_and_is_tried_less_and_less(
    said, noted, keeper, tmp_path, monkeypatch
):
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 0.16)
    web, beat = (
        program(tmp_path, "web", SLEEP),
        program(tmp_path, "beat", "raise SystemExit('no broker today')"),
    )
    keeper.keep_alive(web, beat)
    first = web.process
    eventually(
        lambda: (
            keeper.restart_dead_children(time.monotonic()) or len(noted[-1:]) and noted[-1]["beat"].times >= 8
        ),
        60,
    )
    assert web.process is first
    assert web.process.poll() is None
    waits = [float(line.split("again in ")[1].split()[0]) for line in said if "starting it again" in line]
    assert waits[:7] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.16, 0.16]
    assert "beat ended with status 1 for the 5th time in a row; starting it again in 0.16 s" in "\n".join(
        said
    )
    assert said.count("beat does not work. Everything else goes on; `manage.py readiness` says so, too.") == 1
    assert "no broker today" in said


@pytest.mark.slow
def test_it_is_no_longer_noted_when_it_has_run_for_a_while(noted, keeper, tmp_path):
    marker = tmp_path / "well"
    code = f"import os, time\nif not os.path.exists({str(marker)!r}): raise SystemExit(3)\ntime.sleep(60)"
    child = program(tmp_path, "worker-send", code)
    keeper.keep_alive(child)
    eventually(lambda: keeper.restart_dead_children(time.monotonic()) or len(noted) >= 2, 30)
    assert [note["worker-send"].times for note in noted[:2]] == [2, 3]
    assert noted[0]["worker-send"].how == "ended with status 3"
    marker.touch()
    eventually(lambda: keeper.restart_dead_children(time.monotonic()) or child.process.poll() is None, 30)
    time.sleep(0.3)
    keeper.restart_dead_children(time.monotonic() + supervisor.QUICK_SECONDS)
    assert noted[-1] == {}


def test_a_start_that_waits_for_a_child_gives_it_up_with_the_end_of_its_log(keeper, tmp_path):
    keeper.keep_alive(
        program(tmp_path, "web", SLEEP), program(tmp_path, "simulator", "raise SystemExit('no port')")
    )

    def wait():
        keeper.restart_dead_children(time.monotonic())
        keeper.require("web")
        keeper.require("simulator")

    with pytest.raises(
        GivenUpError, match=r"(?s)simulator ended with status 1, for the 5th.*simulator.log.*no port"
    ):
        eventually(wait, 30)


def test_a_child_that_cannot_even_be_started_leaves_the_others_running(said, keeper, tmp_path):
    web, worker = program(tmp_path, "web", SLEEP), program(tmp_path, "worker-send", SLEEP)
    keeper.keep_alive(web, worker)
    worker.command = ["/no/such/command"]
    worker.process.kill()
    worker.process.wait()
    eventually(
        lambda: (
            keeper.restart_dead_children(time.monotonic())
            or any("could not be started" in line for line in said)
        ),
        30,
    )
    assert web.process.poll() is None
    worker.command = [sys.executable, "-c", SLEEP]
    eventually(lambda: keeper.restart_dead_children(time.monotonic()) or worker.process.poll() is None, 30)


@pytest.mark.slow
def test_deaths_far_apart_are_started_again_at_once(keeper, said, noted, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "QUICK_SECONDS", 0.0)
    keeper.keep_alive(program(tmp_path, "web", ""))
    eventually(lambda: keeper.restart_dead_children(time.monotonic()) or len(said) >= 7, 30)
    assert all("starting it again in 0.01 s" in line for line in said)
    assert noted == []


def test_stages_stop_in_the_reverse_order(keeper, tmp_path):
    order = tmp_path / "order"
    code = (
        "import signal, time, sys\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    raise SystemExit\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    children = [program(tmp_path, name, code, patience=20) for name in ("first", "second", "third")]
    for child in children:
        child.command = [*child.command, child.name]
        keeper.keep_alive(child)
    eventually(lambda: all("up" in child.log.read_text() for child in children), 20)
    keeper.stop()
    assert order.read_text().split() == ["third", "second", "first"]


@pytest.mark.slow
def test_the_stubborn_and_their_children_are_killed_after_their_patience(keeper, tmp_path):
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    children = [program(tmp_path, name, code, patience=2.5) for name in ("one", "two", "three")]
    keeper.keep_alive(*children)
    eventually(lambda: all(child.log.read_text().endswith("\n") for child in children), 20)
    pids = [child.process.pid for child in children] + [int(child.log.read_text()) for child in children]
    assert all(map(lives, pids))
    began = time.monotonic()
    keeper.stop()
    assert time.monotonic() - began < 7.4  # one patience for the stage, not one each
    eventually(lambda: not any(map(lives, pids)), 20)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG")
def test_children_end_with_a_supervisor_that_is_killed(tmp_path):
    checkout = Path(__file__).resolve().parents[2]
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from config.supervisor import Program, Supervisor\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"child = Program('c', [sys.executable, '-c', {SLEEP!r}], folder / 'c.log', dict(os.environ), folder)\n"
        "Supervisor(print).keep_alive(child)\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    outer = Program("outer", [sys.executable, "-c", code], tmp_path / "outer.log", dict(os.environ), checkout)
    outer.launch()
    logs = [tmp_path / "outer.log", tmp_path / "c.log"]
    eventually(lambda: all(log.exists() and log.read_text().endswith("\n") for log in logs), 20)
    inner = int(logs[0].read_text())
    assert lives(inner)
    # Only the supervisor: the child has a session of its own.
    os.kill(outer.process.pid, signal.SIGKILL)
    outer.process.wait()
    eventually(lambda: not lives(inner), 20)


def test_a_log_that_has_grown_large_is_kept_once_and_emptied_in_place(keeper, tmp_path):
    child = program(tmp_path, "web", SLEEP)
    keeper.keep_alive(child)
    eventually(lambda: "up" in child.log.read_text(), 20)
    with child.log.open("ab") as target:
        target.truncate(11_000_000)
    keeper.restart_dead_children(time.monotonic() + 120)
    assert child.log.stat().st_size == 0
    assert (tmp_path / "web.log.1").stat().st_size == 11_000_000
