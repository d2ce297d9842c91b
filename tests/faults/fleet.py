"""Real processes for the kill tests: a simulator, a Valkey, beat and workers, on the test's own database."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
from django.db import connection
from django.utils import timezone

from accounts.brand_accounts.connecting import connect_brand_account
from accounts.models import BrandAccount, Department
from config.embedded.valkey import Valkey
from inbox.models import Message
from routing.rules import versions

ROOT = Path(__file__).resolve().parents[2]
DEPARTMENTS = ("service", "billing", "sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam")
#: What customers write, by network.
KINDS = {"x": ("public", "public", "direct"), "facebook": ("comment", "comment", "visitor_post", "direct")}
#: X shows an account's last 800 mentions: no more than this may wait, or the network itself would lose some. What is
#: being paged through and what came meanwhile count together, hence less than half.
BACKLOG = 300
CUSTOMERS = 400
FAULTS = [
    {"fault": "server_error", "kind": "read", "probability": 0.05},
    {"fault": "server_error_html", "kind": "read", "probability": 0.02},
    {"fault": "server_error_bare", "kind": "read", "probability": 0.02},
    {"fault": "truncated", "kind": "read", "probability": 0.04},
    {"fault": "duplicates", "kind": "read", "probability": 0.05},
    {"fault": "shuffled", "kind": "read", "probability": 0.05},
    {"fault": "looping", "kind": "read", "probability": 0.01},
    {"fault": "empty_page", "kind": "read", "probability": 0.03},
    {"fault": "refused_silent", "kind": "read", "probability": 0.03},
]


class Fleet:
    """Everything that runs; `close` ends it all."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        (folder / "moments").mkdir()
        self.valkey = Valkey(folder, folder / "valkey.log", durable=False)
        self.valkey.start()
        self.url = self._start_simulator()
        self.environment = {
            **os.environ,
            "DATABASE_URL": _test_database_url(),
            "REDIS_URL": self.valkey.url,
            "X_API_URL": f"{self.url}/x",
            "GRAPH_API_URL": f"{self.url}/graph",
            "POLL_INTERVAL_MIN": "0.2",
            "POLL_INTERVAL_MAX": "0.6",
            "POLL_LEASE_SECONDS": "3",
            "CONN_MAX_AGE": "600",
            "FAULTS_MOMENTS": str(folder / "moments"),
            **environment,
        }

    def _start_simulator(self) -> str:
        command = [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            "0",
            "--rate",
            "0",
            "--limits",
            "off",
            "--quiet",
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
        self.processes.append(process)
        line = process.stdout.readline().decode()
        return "http://" + line.split("http://")[1].split()[0]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One of our own processes, in a session of its own, its output in the folder's log."""
        with (self.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, *flags: str) -> subprocess.Popen[bytes]:
        return self.start("-m", "tests.faults.worker", *flags)

    def beat(self) -> subprocess.Popen[bytes]:
        schedule = str(self.folder / "beat")
        return self.start("-m", "celery", "-A", "config.celery", "beat", "-s", schedule, "-l", "WARNING")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()
        self.processes.remove(process)

    def kill_in_the_act(self, workers: list[subprocess.Popen[bytes]], seconds: float = 30) -> int:
        """Kill the first of `workers` that stands between saving the cursor and the messages; which one.

        Without any for so long, the first one is killed.
        """
        moments = self.folder / "moments"
        (moments / "hold").touch()
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                for number, process in enumerate(workers):
                    if (moments / str(process.pid)).exists():
                        self.kill(process)
                        (moments / str(process.pid)).unlink(missing_ok=True)
                        return number
                time.sleep(0.004)
            self.kill(workers[0])
            return 0
        finally:
            (moments / "hold").unlink()

    def close(self) -> None:
        for process in list(self.processes):
            with contextlib.suppress(ProcessLookupError):
                self.kill(process)
        self.valkey.stop()

    def ask(self, method: str, path: str, body: object = None) -> dict:
        answer = requests.request(method, f"{self.url}/_sim/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def connect(self, handles: tuple[str, ...] = ("kettlefern_nl", "kettlefern_de")) -> list[dict]:
        """Departments, starter rules and the simulator's brand accounts, those of `handles` on X among them."""
        now = timezone.now()
        departments = {
            slug: Department.objects.create(slug=slug, name=slug.title(), position=n)
            for n, slug in enumerate(DEPARTMENTS)
        }
        versions.install_starter_rules(departments, "service", now=now)
        for handle in handles:
            self.ask("POST", "accounts", {"network": "x", "handle": handle})
        accounts = self.ask("GET", "accounts.json")["accounts"]
        for one in accounts:
            connect_brand_account(
                network=one["network"],
                remote_id=one["remote_id"],
                handle=one["handle"],
                name=one["name"],
                secrets=one["secrets"],
                owner_department=departments["service"],
                by=None,
                now=now,
                verify=False,
            )
        BrandAccount.objects.update(answers_until=now + dt.timedelta(days=365))
        return accounts


@contextlib.contextmanager
def fleet(**environment: str) -> Iterator[Fleet]:
    folder = Path(tempfile.mkdtemp(prefix="horseshoe-faults-"))
    running = None
    try:
        running = Fleet(folder, **environment)
        yield running
    finally:
        if running is not None:
            running.close()
        shutil.rmtree(folder, ignore_errors=True)


def _test_database_url() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


class Poster:
    """Posts numbered messages, in turn to every brand account, as long as none waits for too long a queue."""

    def __init__(
        self, running: Fleet, accounts: list[dict], total: int, seed: int, kinds: dict[str, tuple] = KINDS
    ) -> None:
        self.running, self.accounts, self.total, self.kinds = running, accounts, total, kinds
        self.rng = random.Random(seed)
        self.posted: Counter[tuple[str, str]] = Counter()

    @property
    def done(self) -> bool:
        return self.posted.total() >= self.total

    def post(self, stored: Counter[tuple[str, str]], many: int = 60) -> None:
        """The next messages, to the account whose queue is shortest."""
        if self.done:
            return
        waiting = {
            self._key(one): self.posted[self._key(one)] - stored[self._key(one)] for one in self.accounts
        }
        account = min(self.accounts, key=lambda one: waiting[self._key(one)])
        if waiting[self._key(account)] > BACKLOG:
            return
        many = min(many, self.total - self.posted.total())
        first = self.posted.total()
        self.running.ask("POST", "messages", [self._message(account, first + n) for n in range(many)])
        self.posted[self._key(account)] += many

    def _key(self, account: dict) -> tuple[str, str]:
        return account["network"], account["remote_id"]

    def _message(self, account: dict, number: int) -> dict:
        return {
            "network": account["network"],
            "account": account["handle"],
            "kind": self.rng.choice(self.kinds[account["network"]]),
            "text": f"number {number}: {self.rng.choice(('where is my parcel', 'I want a refund', 'the app crashes'))}",
            "author": f"customer{self.rng.randrange(CUSTOMERS)}",
        }


def stored_by_account() -> Counter[tuple[str, str]]:
    rows = Message.objects.filter(direction="in").values_list(
        "brand_account__network", "brand_account__remote_id"
    )
    return Counter(rows)


class Truth:
    """What the simulator's ledger says against what the database holds."""

    def __init__(self, running: Fleet) -> None:
        ledger = running.ask("GET", "ledger.json")["messages"]
        wanted = {
            (one["network"], account, _canonical(one)): one["text"]
            for one in ledger
            if not one["by_brand"] and not one["deleted"]
            for account in one["addressed"]
        }
        held = {
            (network, account, canonical): text
            for network, account, canonical, text in Message.objects.filter(direction="in").values_list(
                "brand_account__network", "brand_account__remote_id", "canonical_id", "text"
            )
        }
        texts = Counter(Message.objects.filter(direction="in").values_list("text", flat=True))
        self.wanted = len(wanted)
        self.lost = sorted(set(wanted) - set(held))
        self.invented = sorted(set(held) - set(wanted))
        self.doubled = sorted(text for text, many in texts.items() if many > 1)
        self.changed = sorted(key for key in set(wanted) & set(held) if wanted[key] != held[key])

    def __repr__(self) -> str:
        return (
            f"wanted {self.wanted}, lost {len(self.lost)}, doubled {len(self.doubled)}, "
            f"invented {len(self.invented)}, changed {len(self.changed)}"
        )


def _canonical(one: dict) -> str:
    return f"dm-{one['first_id']}" if one["network"] == "x" and one["direct"] else one["first_id"]


def wait_until(condition, seconds: float, every: float = 0.2) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(every)
    return False
