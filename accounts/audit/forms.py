"""Saving a form together with its entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.db import models, transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def save_recorded_form(
    form: forms.ModelForm[M],
    verb: AuditVerb,
    *,
    also: Iterable[str] = (),
    department_ids: Callable[[M], Iterable[int | None]],
    **entry: Any,
) -> M:
    """Save a valid form, and record which of its values changed.

    `also` are fields that the form saves besides those of its `Meta`. Nothing is recorded when nothing changed.
    """
    names = [*(form._meta.fields or ()), *also]
    manager = form._meta.model._default_manager
    old = manager.filter(pk=form.instance.pk).first() if form.instance.pk else None
    before = _named_values(form, names, old) if old is not None else {}
    concerned = {*(department_ids(old) if old is not None else ())}
    saved = form.save()
    changes = compare_values(before, _named_values(form, names, manager.get(pk=saved.pk)))
    if changes:
        record_change(verb, saved, changes, department_ids=concerned | {*department_ids(saved)}, **entry)
    return saved


def _named_values(form: forms.ModelForm[M], names: Iterable[str], instance: M) -> dict[str, object]:
    return {_label(form, name): _shown_value(instance, name) for name in names}


def _label(form: forms.ModelForm[Any], name: str) -> str:
    if name in form.fields:
        return str(form[name].label)
    return str(form._meta.model._meta.get_field(name).verbose_name).capitalize()


def _shown_value(instance: models.Model, name: str) -> object:
    if (shown := getattr(instance, f"get_{name}_display", None)) is not None:
        return shown()
    value = getattr(instance, name)
    return list(value.all()) if hasattr(value, "all") else value
