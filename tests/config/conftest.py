"""A stand-in checkout: our `manage.py` and life-cycle code around the smallest Django project, in real processes.

So these tests say whether servers and processes behave, whatever the product's own pages do.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = ("bootstrap", "commandline", "installer", "static", "supervisor", "up")

SETTINGS = """
import os, environ
SECRET_KEY = os.environ.get("SECRET_KEY", "tooling")
if "DATABASE_URL" in os.environ:
    DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "config.urls"
INSTALLED_APPS = ["config", "django.contrib.contenttypes", "django.contrib.staticfiles"]
STATIC_URL = "static/"
STATIC_ROOT = os.environ.get("STATIC_ROOT")
USE_TZ = True
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("healthz", lambda request: HttpResponse("ok"))]
"""
ASGI = """
import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
"""
CELERY = """
import os
from celery import Celery
app = Celery("standin", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
"""
SEED_DEMO = """
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--simulator")
        parser.add_argument("--past")
    def handle(self, **options):
        self.stdout.write(f"Sign in as ada, networks at {options['simulator']}")
"""
#: Creates the role that everything else uses, as the product's does.
MIGRATE = """
import os
import psycopg
from django.core.management.commands import migrate
class Command(migrate.Command):
    def handle(self, *arguments, **options):
        if owner := os.environ.get("MIGRATION_DATABASE_URL"):
            with psycopg.connect(owner) as connection:
                if not connection.execute("select from pg_roles where rolname = 'horseshoe_app'").rowcount:
                    connection.execute("create role horseshoe_app login")
                connection.execute("grant all on schema public to horseshoe_app")
        super().handle(*arguments, **options)
"""
NAP = """
from django.core.management.base import BaseCommand
import os, time
class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("seconds", type=float)
    def handle(self, **options):
        from django.db import connection
        connection.ensure_connection()
        self.stdout.write(f"connected {os.environ['REDIS_URL']}")
        self.stdout.flush()
        time.sleep(options["seconds"])
"""
PEEK = """
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, **options):
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("select 1 from accounts_user")
"""
SIMULATOR = """
import http.server, json, sys
print(*sys.argv[1:], flush=True)
APPS = {"x": {"client_id": "1", "client_secret": "2"}, "facebook": {"app_id": "3", "app_secret": "4"}}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(APPS).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the system can reach (pytest's own is closed to them)."""
    path = Path(tempfile.mkdtemp(prefix="horseshoe-config-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def standin(folder: Path) -> Path:
    return build_standin(folder / "checkout")


def build_standin(target: Path) -> Path:
    commands = target / "config" / "management" / "commands"
    commands.mkdir(parents=True)
    shutil.copy(CHECKOUT / "manage.py", target)
    shutil.copy(CHECKOUT / "pyproject.toml", target)
    shutil.copy(CHECKOUT / "requirements.lock", target)
    for folder in ("demo", "embedded", "serving"):
        shutil.copytree(
            CHECKOUT / "config" / folder,
            target / "config" / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in OURS:
        shutil.copy(CHECKOUT / "config" / f"{name}.py", target / "config")
    # `up` prints the link to the first administrator; the module uses the standard library alone.
    (target / "accounts" / "sign_in").mkdir(parents=True)
    shutil.copy(CHECKOUT / "accounts" / "sign_in" / "first_administrator.py", target / "accounts" / "sign_in")
    files = {
        "accounts/__init__.py": "",
        "accounts/sign_in/__init__.py": "",
        "config/__init__.py": "",
        "config/settings.py": SETTINGS,
        "config/urls.py": URLS,
        "config/asgi.py": ASGI,
        "config/celery.py": CELERY,
        "config/management/__init__.py": "",
        "config/management/commands/__init__.py": "",
        "config/management/commands/seed_demo.py": SEED_DEMO,
        "config/management/commands/migrate.py": MIGRATE,
        "config/management/commands/nap.py": NAP,
        "config/management/commands/peek.py": PEEK,
        "simulator/__init__.py": "",
        "simulator/__main__.py": SIMULATOR,
    }
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return target


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what the test run itself was given."""
    given = (
        "DATABASE_URL",
        "REDIS_URL",
        "HORSESHOE_",
        "SECRET_KEY",
        "CREDENTIAL_KEYS",
        "DJANGO_",
        "PG",
        "PYTEST_",
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(given)}
    return kept | more


class Manage:
    """One `manage.py …` in a process of its own; its output goes to a file."""

    def __init__(
        self,
        checkout: Path,
        *arguments: str,
        home: Path | None = None,
        python: str = sys.executable,
        **options: object,
    ) -> None:
        self.home = home or checkout / ".horseshoe"
        self.output = self.home.parent.parent / f"output-{time.monotonic_ns()}"
        env = dict(options.pop("env", None) or clean_environment(HORSESHOE_HOME=str(self.home)))
        with self.output.open("wb") as target:
            self.process = subprocess.Popen(
                [python, str(checkout / "manage.py"), *arguments],
                env=env,
                cwd=checkout,
                stdin=subprocess.DEVNULL,
                # A run in the background of a shell ignores Ctrl-C, and its children would inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
                stdout=target,
                stderr=subprocess.STDOUT,
                **options,
            )

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, words: str, seconds: float = 180) -> None:
        eventually(
            lambda: words in self.text() or self.process.poll() is not None,
            seconds,
            lambda: f"{words!r} in {self.text()}",
        )
        assert words in self.text(), self.text()

    def running(self) -> dict[str, str]:
        return json.loads((self.home / "running.json").read_text())

    def left(self) -> list[str]:
        """The processes with this data folder in their command line or environment, or that work in it.

        A zombie has neither; a server that writes a title over its environment has its folder.
        """
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                traces = command + (entry / "environ").read_bytes() + os.fsencode((entry / "cwd").readlink())
            except OSError:
                continue
            if os.fsencode(self.home) in traces:
                found.append(f"{entry.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
        return found

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def eventually(true: Callable[[], bool], seconds: float, what: Callable[[], object] = lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what()}"
        time.sleep(0.05)
