"""The set-up that is left before customers get answers: the steps of a new installation, in a working order."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.access import ROLES
from accounts.models import BrandAccount, BrandAccountGrant, Department, Lifecycle, Shift, User
from inbox.models import Reply, ReplyState
from routing.models import RuleSetVersion, SLAPolicy


@dataclass(frozen=True, slots=True)
class SetUpStep:
    """One step; `address` is the page where it is done, `action` what the link to it says."""

    title: str
    detail: str
    is_done: bool
    address: str
    action: str


#: Key, title, detail, page and what the link to it says, in the order in which they are best done.
_STEPS = (
    (
        "departments",
        "Departments",
        "Customer service, billing, sales: each case belongs to one of them.",
        "accounts:departments",
        "Add departments",
    ),
    (
        "rules",
        "What goes where",
        "Rules read each message and send it to a department. Begin with the starter rules.",
        "routing:rule_list",
        "Choose the rules",
    ),
    (
        "account",
        "The first brand account",
        "Its messages come in within a minute. Older ones are fetched too, and never count as late.",
        "accounts:brand_accounts",
        "Connect an account",
    ),
    (
        "people",
        "The people who answer",
        "Cases need people to work on them. Add them with their departments.",
        "accounts:people",
        "Add people",
    ),
    (
        "answerers",
        "Who answers as which account",
        "Answering as an account needs permission. Choose who has it for each account.",
        "accounts:brand_accounts",
        "Choose people",
    ),
    (
        "charter",
        "What each account is for",
        "Nobody can answer as an account before its charter is signed: purpose, audience, objective, owner, promise.",
        "accounts:brand_accounts",
        "Sign the charter",
    ),
    (
        "roster",
        "Who is on point, and when",
        "The roster names a person for every hour of an account; gaps in the week are shown.",
        "accounts:roster",
        "Open the roster",
    ),
    (
        "promise",
        "How soon you promise to answer",
        "Service levels count business time, warn before a target and escalate after it.",
        "sla:policy_list",
        "Set service levels",
    ),
    (
        "answer",
        "One real answer",
        "Open a case and answer it. You can take the answer back for a few seconds.",
        "inbox:queue",
        "Open the inbox",
    ),
)


def list_set_up_steps(administrator: User) -> list[SetUpStep]:
    """Return the steps with what is done.

    At most three statements.
    """
    is_done = _read_what_is_done(administrator)
    addresses = {} if is_done["people"] else {"people": reverse("accounts:user_new")}
    if is_done["account"] and not is_done["answerers"]:
        account = _accounts_without_answerers().order_by("pk").values_list("pk", flat=True).first()
        if account is not None:
            addresses["answerers"] = reverse("accounts:brand_account_answerers", args=[account])
    if is_done["account"] and not is_done["charter"]:
        account = _accounts_without_charter().order_by("pk").values_list("pk", flat=True).first()
        if account is not None:
            addresses["charter"] = reverse("accounts:charter", args=[account])
    return [
        SetUpStep(
            title,
            detail,
            is_done[key],
            addresses.get(key) or reverse(page),
            "Change" if is_done[key] and key != "answer" else action,
        )
        for key, title, detail, page, action in _STEPS
    ]


def _connected_accounts() -> QuerySet[BrandAccount]:
    return BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED)


def _accounts_without_answerers() -> QuerySet[BrandAccount]:
    grants = BrandAccountGrant.objects.filter(brand_account=OuterRef("pk"), can_publish=True)
    return _connected_accounts().filter(~Exists(grants))


def _accounts_without_charter() -> QuerySet[BrandAccount]:
    return _connected_accounts().exclude(lifecycle=Lifecycle.SUNSETTING).filter(answers_until__isnull=True)


def _read_what_is_done(administrator: User) -> dict[str, bool]:
    """Return by key of a step whether it is done. One statement."""
    shifts = Shift.objects.filter(brand_account=OuterRef("pk"))
    has_account = Exists(_connected_accounts())
    done = {
        "departments": Exists(Department.objects.filter(is_open=True)),
        "rules": Exists(RuleSetVersion.objects.all()),
        "account": has_account,
        "people": Exists(User.objects.filter(is_active=True, role__in=ROLES["publish"])),
        "answerers": has_account & ~Exists(_accounts_without_answerers()),
        "charter": has_account & ~Exists(_accounts_without_charter()),
        "roster": has_account & ~Exists(_connected_accounts().filter(~Exists(shifts))),
        "promise": Exists(SLAPolicy.objects.filter(enabled=True)),
        "answer": Exists(Reply.objects.filter(state=ReplyState.SENT)),
    }
    conditions = [ExpressionWrapper(Q(condition), output_field=BooleanField()) for condition in done.values()]
    values = User.objects.filter(pk=administrator.pk).values_list(*conditions).get()
    return dict(zip(done, values, strict=True))
