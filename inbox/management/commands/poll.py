"""`manage.py poll [ACCOUNT] [--json]`: ask the networks now."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import BrandAccount, Health, Lifecycle, Stream
from inbox.ingest import polling
from inbox.ingest.page import PAGE_LEASE
from inbox.ingest.polling import PollReport

#: Tasks' worth of pages for one stream: a network whose pages never end must not keep the command running for ever.
_MOST_ROUNDS = 1000
#: Seconds between two looks at a stream that a worker is polling.
_PAUSE = 0.2


class Command(BaseCommand):
    help = "Poll all streams now, due or not, or those of one brand account, and say what came."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "account", nargs="?", help="A brand account's handle, such as yourbrand or @yourbrand."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object a stream.")

    def handle(self, *args: Any, **options: Any) -> None:
        streams = Stream.objects.select_related("brand_account").filter(enabled=True)
        if options["account"]:
            streams = streams.filter(brand_account__in=_find_brand_accounts(options["account"]))
        if not streams:
            self.stderr.write("Nothing was polled: no stream is switched on.")
        failed = 0
        for stream in streams:
            report = poll_stream_to_end(stream)
            failed += bool(report.error)
            self.stdout.write(_report_line(stream, report, as_json=options["json"]))
        if failed:
            raise CommandError(f"{failed} of {len(streams)} streams could not be polled.")


def _find_brand_accounts(handle: str) -> list[BrandAccount]:
    brand_accounts = list(BrandAccount.objects.filter(handle__iexact=handle.removeprefix("@")))
    if not brand_accounts:
        raise CommandError(f"There is no brand account {handle!r}. Connected: {_handles()}.")
    return brand_accounts


def _handles() -> str:
    return ", ".join(BrandAccount.objects.values_list("handle", flat=True)) or "none"


def poll_stream_to_end(stream: Stream) -> PollReport:
    """Poll one stream until its window ends; a failure is in the report's `error`."""
    total = PollReport(stream.pk, has_more=True)
    for _ in range(_MOST_ROUNDS):
        token = _wait_for_lease(stream)
        if token is None:
            total.error = _why_not_leased(stream.brand_account)
            break
        report = polling.poll_leased_stream(stream.pk, token)
        for name in ("fetched", "stored", "duplicates", "updated", "echoes", "quarantined", "pages"):
            setattr(total, name, getattr(total, name) + getattr(report, name))
        total.error, total.has_more = report.error, report.has_more
        total.overflowed = total.overflowed or report.overflowed
        if report.error or not report.has_more or not _is_due(stream):
            break
    return total


def _wait_for_lease(stream: Stream) -> UUID | None:
    """Take the lease of a stream that is enabled. Waits while a worker polls it, at most until a dead
    worker's lease is over.
    """
    until = time.monotonic() + PAGE_LEASE.total_seconds()
    while True:
        for _, token in polling.lease_due_streams(timezone.now(), 1, stream_id=stream.pk, all_streams=True):
            return token
        brand_account = BrandAccount.objects.get(pk=stream.brand_account_id)
        stream.brand_account = brand_account
        if not _may_be_polled(brand_account) or time.monotonic() > until:
            return None
        time.sleep(_PAUSE)


def _may_be_polled(brand_account: BrandAccount) -> bool:
    return brand_account.health != Health.REAUTHORISE and brand_account.lifecycle != Lifecycle.CLOSED


def _is_due(stream: Stream) -> bool:
    """Tell whether the stream goes on now. False when the rest of the window waits, for example to keep the
    budget for answers.
    """
    return Stream.objects.filter(pk=stream.pk, next_poll_at__lte=timezone.now()).exists()


def _why_not_leased(brand_account: BrandAccount) -> str:
    if brand_account.health == Health.REAUTHORISE:
        return f"{brand_account} has to be connected again. {brand_account.health_detail}".strip()
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return f"{brand_account} is closed."
    return "A worker has been polling this stream all the time: try again later."


def _report_line(stream: Stream, report: PollReport, *, as_json: bool) -> str:
    brand = stream.brand_account
    if as_json:
        where = {"network": brand.network, "account": brand.handle, "stream": stream.kind}
        return json.dumps(where | dataclasses.asdict(report))
    numbers = ", ".join(
        f"{getattr(report, name)} {name}"
        for name in ("fetched", "stored", "duplicates", "updated", "echoes", "quarantined")
    )
    error = f" — {report.error}" if report.error else ""
    gap = " — more had happened than the network returns: a gap is possible" if report.overflowed else ""
    return f"{brand} ({stream.kind}): {numbers}{gap}{error}"
