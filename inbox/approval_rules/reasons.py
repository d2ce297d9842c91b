"""Why an answer needs approval: its author is new, or it meets a rule.

The composer and the verb that queues an answer ask the same function, so that what is said before is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from accounts.models import User
from inbox.approval_rules.topics import is_about, list_names
from inbox.models import ApprovalRule, Case, Direction, Message, Ramp
from inbox.visibility import Visibility

#: Messages of the customer that are compared with word lists, the newest first.
MESSAGES_COMPARED = 30
#: The reason of an answer for which its author asks for approval, whatever the rules say.
ASKED_FREELY = "Its author asks for approval"
_RULE = {
    "department": "department__name",
    "account": "brand_account__handle",
    "min_followers": "min_followers",
    "customer_tag": "customer_tag",
    "case_tag": "case_tag",
    "word_list": "word_list",
    "public_only": "public_only",
}


def approval_annotations(user: User) -> dict[str, Any]:
    """Return annotations of a `Case`: what may ask for approval of an answer.

    The rules of its department and brand account, and the ramp of the user.
    """
    rules = ApprovalRule.objects.filter(
        Q(department__isnull=True) | Q(department=OuterRef("department_id")),
        Q(brand_account__isnull=True) | Q(brand_account=OuterRef("brand_account_id")),
        is_on=True,
    )
    ramp = Ramp.objects.filter(user=user.pk, approved__lt=F("needed"))
    return {
        "approval_rules": ArraySubquery(rules.order_by("pk").values(facts=JSONObject(**_RULE))),
        "approval_ramp": Subquery(ramp.values(facts=JSONObject(approved="approved", needed="needed"))[:1]),
    }


def read_reasons(case_id: int, user: User) -> list[str]:
    """Return why an answer of the user in a case needs approval.

    [] if it does not. One statement, and one for the messages where a rule has a word list.
    """
    rows = Case.objects.filter(pk=case_id).select_related("customer", "identity")
    return list_reasons(rows.annotate(**approval_annotations(user)).get())


def list_reasons(case: Case, texts: Iterable[str] | None = None) -> list[str]:
    """Return why an answer in a case needs approval.

    [] if it does not. `case` has the annotations of `approval_annotations`, its customer and identity. `texts` are the customer's messages;
    they are read where needed if None.
    """
    stored = None if texts is None else list(texts)

    def read_texts() -> list[str]:
        nonlocal stored
        if stored is None:
            stored = _customer_texts(case)
        return stored

    reasons = list(_ramp_reasons(case.approval_ramp))  # type: ignore[attr-defined]
    for rule in case.approval_rules:  # type: ignore[attr-defined]
        reasons += _rule_reasons(rule, case, read_texts)
    return list(dict.fromkeys(reasons))


def _customer_texts(case: Case) -> list[str]:
    inbound = Message.objects.filter(case=case, direction=Direction.INBOUND).order_by("-network_time", "-id")
    return list(inbound.values_list("text", flat=True)[:MESSAGES_COMPARED])


def _ramp_reasons(ramp: dict[str, int] | None) -> Iterator[str]:
    if ramp is not None:
        yield f"New colleague: {ramp['approved']} of {ramp['needed']} answers approved"


def _rule_reasons(rule: dict[str, Any], case: Case, read_texts: Callable[[], list[str]]) -> list[str]:
    """Return the reason of a rule in a list.

    [] if the answer does not meet all of its conditions.
    """
    if rule["public_only"] and case.visibility != Visibility.PUBLIC:
        return []
    parts: list[str] = []
    if (least := rule["min_followers"]) is not None:
        followers = case.identity.followers or 0
        if followers < least:
            return []
        parts.append(f"the customer has {followers:,} followers")
    if tag := rule["customer_tag"]:
        if not _has_tag(case.customer.tags, tag):
            return []
        parts.append(f"the customer is tagged “{tag}”")
    if tag := rule["case_tag"]:
        if not _has_tag(case.tags, tag):
            return []
        parts.append(f"the case is tagged “{tag}”")
    if key := rule["word_list"]:
        if not is_about(key, read_texts()):
            return []
        parts.append(f"the customer writes about “{list_names().get(key, key)}”")
    if not parts:
        parts.append(_place_words(rule))
    words = " and ".join(parts)
    return [words[:1].upper() + words[1:]]


def _has_tag(tags: Iterable[str], tag: str) -> bool:
    return tag.casefold() in {each.casefold() for each in tags}


def _place_words(rule: dict[str, Any]) -> str:
    """Return that all answers of an account or a department need approval."""
    as_account = f" as {rule['account']}" if rule["account"] else ""
    of_department = f" of {rule['department']}" if rule["department"] else ""
    which = "all public answers" if rule["public_only"] else "all answers"
    return f"{which}{of_department}{as_account} need approval"
