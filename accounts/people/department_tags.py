"""Tags that name a department: whoever puts one on a case says where it belongs. Capital letters make no difference."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Department


def tags_naming_department(department: Department) -> set[str]:
    """The tags that name a department, casefolded: its name, its key, and those that it was given."""
    return {word.casefold() for word in (department.name, department.slug, *department.tags)}


def find_department_by_tags(tags: Iterable[str]) -> Department | None:
    """The one open department that some of these tags name; None when they name none, or several. One statement, none
    without tags."""
    wanted = {tag.casefold() for tag in tags}
    if not wanted:
        return None
    named = [one for one in Department.objects.filter(is_open=True) if tags_naming_department(one) & wanted]
    return named[0] if len(named) == 1 else None


def find_taken_tag(words: Iterable[str], department: Department) -> tuple[str, Department] | None:
    """The first of these words that names another department than this one, and which; None when none does."""
    others = Department.objects.exclude(pk=department.pk)
    owners = {word: other for other in others for word in tags_naming_department(other)}
    return next(((word, owners[word.casefold()]) for word in words if word.casefold() in owners), None)
