"""The learning items that a case is part of, on its page."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from inbox.models import LearningLink


def learning_annotation() -> dict[str, Any]:
    """Return the annotation of a case that the box needs: id and title of its items."""
    links = LearningLink.objects.filter(case=OuterRef("pk")).order_by("pk")
    return {"part_of": ArraySubquery(links.values(json=JSONObject(id="item_id", title="item__title")))}
