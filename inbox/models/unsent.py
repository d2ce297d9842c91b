"""The trouble that an answer of a case can be in."""

from __future__ import annotations

from django.db import models


class Unsent(models.TextChoices):
    """The trouble with a case's answers. "" when there is none."""

    FAILED = "failed", "Not sent"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
