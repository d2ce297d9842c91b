"""Counters of failed sign-ins."""

from __future__ import annotations

from django.db import models


class SignInCounter(models.Model):
    """Failed sign-ins of one client, address or account; `accounts.sign_in.limits` says which and what follows.

    `key` is a hash: the table holds no address, and no name that somebody typed.
    """

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    closed_until = models.DateTimeField(help_text="Until then no password is looked at.")

    def __str__(self) -> str:
        return f"{self.failures} failed sign-ins"
