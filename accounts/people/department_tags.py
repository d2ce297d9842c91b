"""Tags that name a department: a person who adds one to a case says where it belongs. Case-insensitive."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Department


def tags_naming_department(department: Department) -> set[str]:
    """Return the casefolded tags that name a department.

    These are its name, its key, and the tags in its settings.
    """
    return {word.casefold() for word in (department.name, department.slug, *department.tags)}


def find_department_by_tags(tags: Iterable[str]) -> Department | None:
    """Return the only open department that some of these tags name.

    None when they name none, or more than one. One statement, none without tags.
    """
    words = {tag.casefold() for tag in tags}
    if not words:
        return None
    departments = Department.objects.filter(is_open=True)
    named = [department for department in departments if tags_naming_department(department) & words]
    return named[0] if len(named) == 1 else None


def find_taken_tag(words: Iterable[str], department: Department) -> tuple[str, Department] | None:
    """Return the first word that names another department, and that department.

    None when no word does.
    """
    others = Department.objects.exclude(pk=department.pk)
    owners = {word: other for other in others for word in tags_naming_department(other)}
    return next(((word, owners[word.casefold()]) for word in words if word.casefold() in owners), None)
