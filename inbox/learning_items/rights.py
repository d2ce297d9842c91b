"""Decide who may do what with a learning item. Reading it is everybody's; its cases and quotes are of whom may read them."""

from __future__ import annotations

from accounts.access import ROLES, viewer
from accounts.models import Role, User
from inbox.models import AnswerRound, LearningItem

DECIDING_ROLES = ROLES["decide_items"]


def may_link(user: User) -> bool:
    """Return whether a person may link cases that they may read."""
    return viewer(user).may("link_items")


def may_manage(user: User, item: LearningItem) -> bool:
    """Return whether a person runs an item.

    Administrators do, and the managers of its department.
    """
    who = viewer(user)
    if not who.may("decide_items"):
        return False
    return user.role == Role.ADMINISTRATOR or item.department_id in who.department_ids


def may_decide(user: User, item: LearningItem) -> bool:
    """Return whether a person may decide, and say that it shipped.

    Whoever runs it, and its owner.
    """
    return may_manage(user, item) or (user.is_active and item.owner_id == user.pk)


def may_prepare(user: User) -> bool:
    """Return whether a person may prepare answers to customers."""
    return viewer(user).may("publish")


def may_approve(user: User, answer_round: AnswerRound) -> bool:
    """Return whether a person may approve answers.

    Whoever runs the item, but never one's own.
    """
    return answer_round.prepared_by_id != user.pk and may_manage(user, answer_round.item)
