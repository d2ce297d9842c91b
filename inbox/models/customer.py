"""Customers, and their accounts on networks."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from inbox.search_words.columns import IndexedTextField

#: Beginning of the id that an erased customer's accounts have instead of the network's.
ERASED_PREFIX = "erased:"


class Customer(models.Model):
    """A person who writes to us, across networks."""

    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    #: Labels that our people gave this customer, for conditions of rules: ["vip", …].
    tags = models.JSONField(default=list, db_default=[], blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    def __str__(self) -> str:
        return self.name or f"Customer {self.pk}"


class Identity(models.Model):
    """A customer's account on one network.

    An author whom the network does not reveal gets the remote id "unknown:…".
    """

    network = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=128)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identities")
    handle = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, blank=True)
    avatar_url = models.CharField(max_length=1000, blank=True)
    followers = models.PositiveIntegerField(null=True, blank=True)
    verified = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    search = IndexedTextField("handle", "name")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "remote_id"], name="identity_unique")
        ]
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="identity_search"),
            # For `handle__istartswith`, which compares capitals.
            models.Index(OpClass(Upper("handle"), name="text_pattern_ops"), name="identity_handle"),
            models.Index(fields=["id"], name="identity_unindexed", condition=models.Q(search__isnull=True)),
        ]
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name shown in rows: "@handle" if there is one, else the name."""
        return f"@{self.handle}" if self.handle else self.name or "Unknown author"

    @property
    def is_erased(self) -> bool:
        """True once an administrator has erased the customer."""
        return self.remote_id.startswith(ERASED_PREFIX)
