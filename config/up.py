"""`manage.py up`: run all of Horseshoe on one machine, from one terminal."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from accounts.sign_in.first_administrator import describe_first_sign_in
from config.demo.seed import Demo
from config.embedded import servers
from config.embedded.data_folder import CHECKOUT, Home, RunningInstance
from config.embedded.ports import require_free_port
from config.embedded.postgres import application_url
from config.embedded.process import EmbeddedError, spawn_process, stop_process, tail_log
from config.static import StaticFiles
from config.supervisor import Program, StopRequested, Supervisor

WEB_SECONDS_MAX = 90.0
_Started = subprocess.Popen[bytes] | None


def main(arguments: Sequence[str]) -> int:
    """Run until stopped; return 0 after a signal to stop, 1 after an error."""
    options = _parser().parse_args(arguments)
    try:
        Up(options, Home.from_environment()).run_until_stopped()
    except StopRequested:
        return 0
    except EmbeddedError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run Horseshoe on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--workers", type=int, default=3, help="processes that poll the networks (default 3)")
    demo = parser.add_mutually_exclusive_group()
    demo.add_argument("--demo", action="store_true", help="the demo company, also on a database of your own")
    demo.add_argument("--no-demo", action="store_true", help="never the demo, also on an empty database")
    parser.add_argument(
        "--stream", type=Path, help="demo: post the `text` column of this CSV as customers' messages"
    )
    parser.add_argument("--rate", type=float, help="demo: posts a second")
    parser.add_argument("--no-past", action="store_true", help="demo: begin without eight invented weeks")
    return parser


def print_progress(text: str) -> None:
    """Print one line; ignore a closed terminal, which must not keep us from stopping."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


class Up:
    """One run of `up`: servers, then schema and static files, then web, workers and beat, perhaps a demo."""

    def __init__(self, options: argparse.Namespace, home: Home) -> None:
        self._options = options
        self._home = home
        self._supervisor = Supervisor(print_progress, home.note_restarts)
        self._env = dict(os.environ)
        host = f"[{options.host}]" if ":" in options.host else options.host
        self._address = f"http://{host}:{options.port}/"

    def run_until_stopped(self) -> None:
        """Start and watch everything. Raises StopRequested on a signal, EmbeddedError on a failure."""
        self._check_options()
        self._home.prepare()
        self._lock_home()
        try:
            require_free_port(self._options.host, self._options.port)
            with _stop_on_signals():
                try:
                    self._start_everything()
                    self._supervisor.watch_children()
                finally:
                    print_progress("Stopping …")
                    self._supervisor.stop()
                    print_progress("Stopped.")
        finally:
            self._home.release()

    def _check_options(self) -> None:
        stream = self._options.stream
        if stream and not os.access(stream, os.R_OK):
            raise EmbeddedError(f"Cannot read {stream}, which --stream names.")
        if stream and self._options.no_demo:
            raise EmbeddedError(
                "--stream posts through the demo's networks, so it does not go with --no-demo."
            )
        if self._options.workers < 1:
            raise EmbeddedError("--workers must be at least 1.")
        if not 0 < self._options.port < 65536:
            raise EmbeddedError("--port must be between 1 and 65535.")

    def _lock_home(self) -> None:
        if self._home.lock():
            return
        running = self._home.read_running()
        if running and running.address:
            raise EmbeddedError(f"Horseshoe is running already at {running.address}")
        who = f"`manage.py {running.command}` (process {running.pid})" if running else "another command"
        raise EmbeddedError(
            f"The data folder {self._home.path} is in use by {who}; try again when it has ended."
        )

    def _start_everything(self) -> None:
        began = time.monotonic()
        self._start_servers()
        demo = Demo.from_options(self._options, self._home, self._env)
        migrating = self._use_application_role()
        if demo:
            self._env |= demo.environment
            self._supervisor.keep_alive(demo.simulator_program(self._env))
        print_progress("Preparing the database …")
        with self._running_command("collectstatic", StaticFiles(self._home.path).needed_command()) as static:
            self._run_to_end("migrate", ["migrate", "--noinput", "--verbosity", "1"], **migrating)
            if static is not None and static.wait() != 0:
                raise EmbeddedError(
                    f"Could not collect the static files:\n{tail_log(self._log_path('collectstatic'))}"
                )
        StaticFiles(self._home.path).remember_collected()
        if demo:
            self._wait_for_networks(demo)
            self._env |= demo.fetch_applications()
        print_progress("Starting the web server and the workers …")
        self._supervisor.keep_alive(*self._build_programs())
        sign_ins = self._seed_demo(demo) if demo else ""
        self._wait_for_web()
        print_progress(f"\nHorseshoe is ready after {time.monotonic() - began:.0f} s: {self._address}")
        print_progress(sign_ins or describe_first_sign_in(self._address, self._env))
        print_progress("Ctrl-C stops it.")

    def _start_servers(self) -> None:
        own_servers = servers.build_wanted_servers(self._home)
        if own_servers:
            print_progress(f"Starting {' and '.join(server.name.capitalize() for server in own_servers)} …")
        self._env |= servers.start_servers(own_servers)
        if own_servers:
            self._supervisor.keep_alive(*own_servers)
        for name, value in self._home.ensure_secrets().items():
            if not servers.is_environment_set(name):
                self._env[name] = value
        defaults = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HORSESHOE_HOME": str(self._home.path),
            "STATIC_ROOT": str(self._home.path / "static"),
            "ALLOWED_HOSTS": ",".join(
                dict.fromkeys(["localhost", "127.0.0.1", "[::1]", self._options.host, socket.gethostname()])
            ),
            "HTTPS": "0",
            "SITE_URL": self._address.rstrip("/"),
            "LOG_JSON": "0",
            "PYTHONUNBUFFERED": "1",
            "C_FORCE_ROOT": "1",
        }
        self._env = defaults | self._env
        self._home.announce_running(
            RunningInstance(
                os.getpid(),
                "up",
                self._address,
                self._env.get("DATABASE_URL") or servers.read_environment("DATABASE_URL"),
                self._env.get("REDIS_URL") or servers.read_environment("REDIS_URL"),
            )
        )

    def _use_application_role(self) -> dict[str, str]:
        """Let all but `migrate` use a role that owns nothing; return what `migrate` needs besides.

        Only on the embedded Postgres: a company's own has the roles that the company gave it.
        """
        if servers.is_environment_set("DATABASE_URL"):
            return {}
        owner = {"MIGRATION_DATABASE_URL": self._env["DATABASE_URL"]}
        self._env["DATABASE_URL"] = application_url(self._env["DATABASE_URL"])
        return owner

    def _build_programs(self) -> list[Program]:
        for left in self._home.path.glob("beat*"):
            left.unlink()
        celery = ["-m", "celery", "-A", "config.celery:app"]
        web = ["-m", "uvicorn", "config.asgi:application", "--host", self._options.host]
        web += ["--port", str(self._options.port), "--loop", "uvloop", "--ws", "none"]
        web += ["--http", "config.serving.protocol:ClientProtocol"]
        web += ["--timeout-graceful-shutdown", "3", "--no-access-log", "--no-proxy-headers"]
        web += ["--log-level", "warning"]
        worker = [*celery, "worker", "--loglevel", "WARNING"]
        processes = {"ticks": 1, "poll": self._options.workers, "send": 4, "default": 2}
        beat = [*celery, "beat", "-s", str(self._home.path / "beat"), "--pidfile=", "--loglevel", "WARNING"]
        return [
            self._build_program("web", web, {"DATABASE_POOL": "1", "PAGE_THREADS": "4"} | self._env),
            *(
                self._build_program(
                    f"worker-{queue}",
                    [*worker, "-Q", queue, "-c", str(count), "-n", f"{queue}@%h"],
                    self._env,
                )
                for queue, count in processes.items()
            ),
            self._build_program("beat", beat, self._env),
        ]

    def _build_program(self, name: str, arguments: list[str], env: dict[str, str]) -> Program:
        return Program(name, [sys.executable, *arguments], self._log_path(name), env, CHECKOUT)

    def _log_path(self, name: str) -> Path:
        return self._home.logs / f"{name}.log"

    @contextmanager
    def _running_command(self, name: str, command: list[str], **more: str) -> Iterator[_Started]:
        """Run a management command, at most until the block ends. Yields None when `command` is empty."""
        if not command:
            yield None
            return
        full = [sys.executable, str(CHECKOUT / "manage.py"), *command]
        process = spawn_process(full, self._log_path(name), env=self._env | more, cwd=CHECKOUT)
        try:
            yield process
        finally:
            stop_process(process)

    def _run_to_end(self, name: str, command: list[str], **more: str) -> None:
        with self._running_command(name, command, **more) as process:
            while process is not None and process.poll() is None:
                self._supervisor.restart_dead_children(time.monotonic())
                time.sleep(0.05)
            if process is not None and process.returncode:
                raise EmbeddedError(
                    f"`{name}` failed. The end of {self._log_path(name)}:\n{tail_log(self._log_path(name), 15)}"
                )

    def _seed_demo(self, demo: Demo) -> str:
        """Seed the demo; return the sign-ins that the command prints."""
        print_progress("Preparing the demo company …")
        log = self._log_path("seed_demo")
        log.unlink(missing_ok=True)
        past = [] if self._options.no_past else ["--past", "later"]
        self._run_to_end("seed_demo", ["seed_demo", "--simulator", demo.address, *past])
        return log.read_text(encoding="utf-8", errors="replace").strip()

    def _wait_for_networks(self, demo: Demo) -> None:
        while not demo.is_reachable():
            self._supervisor.restart_dead_children(time.monotonic())
            self._supervisor.require("simulator")
            time.sleep(0.05)

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_SECONDS_MAX
        while not _is_healthy(self._options.host, self._options.port):
            self._supervisor.restart_dead_children(time.monotonic())
            self._supervisor.require("web")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The web server does not answer. The end of its log:\n{tail_log(self._log_path('web'))}"
                )
            time.sleep(0.1)


def _is_healthy(host: str, port: int) -> bool:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nosec B104
    connection = http.client.HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    """Raise StopRequested on SIGINT, SIGTERM or a closed terminal; ignore further signals."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def handle(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    for number in numbers:
        signal.signal(number, handle)
    yield
