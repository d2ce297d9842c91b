"""Saved views: lists of cases with filters and an order, under a name; where each stands for whom; what opens first."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Lower

from accounts.access import viewer
from accounts.models import Department, Role, User


class ViewScope(models.TextChoices):
    """Say who sees a view in the list of views. Nobody sees other cases by it."""

    PERSON = "person", "Only its owner"
    DEPARTMENTS = "departments", "Departments"
    COMPANY = "company", "Everybody"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """Return the views that the user may open, hidden ones included.

        Their own, the company's, and those of their departments; of all departments for administrators and community
        managers, whose cases belong to any of them.
        """
        if not user.is_active:
            return self.none()
        shared = ~Q(scope=ViewScope.PERSON)
        if user.role not in (Role.ADMINISTRATOR, Role.COMMUNITY):
            shared = Q(scope=ViewScope.COMPANY) | self._of_own_departments(user)
        return self.filter(Q(owner=user) | shared, deleted_at__isnull=True)

    def in_navigation_of(self, user: User) -> Self:
        """Return the views in a person's navigation, annotated with `place`.

        Those that concern them, and others that they have put there; without those that they have hidden.
        """
        near = Q(owner=user) | Q(scope=ViewScope.COMPANY) | self._of_own_departments(user)
        placed = self.visible_to(user).annotate(
            place=FilteredRelation("places", condition=Q(places__user=user))
        )
        return placed.filter(Q(place__is_hidden=False) | Q(place__isnull=True) & near).order_by(
            F("place__position").asc(nulls_last=True), "pk"
        )

    def _of_own_departments(self, user: User) -> Q:
        through = SavedView.departments.through.objects.filter(department_id__in=viewer(user).department_ids)
        return Q(scope=ViewScope.DEPARTMENTS, pk__in=through.values("savedview_id"))


class SavedView(models.Model):
    """A list of cases under a name. `query` has its filters and its order, as they stand in an address.

    `kind` is the list that it narrows (`inbox.queue.filters.ViewKind`). `version` grows with every change.
    """

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)
    query = models.TextField(blank=True)
    scope = models.CharField(max_length=12, choices=ViewScope.choices, default=ViewScope.PERSON)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    departments = models.ManyToManyField(Department, blank=True, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    #: A deleted view can be restored: its row stays.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "owner", Lower("name"), name="saved_view_name_once", condition=Q(deleted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class ViewPlace(models.Model):
    """Place a view in the navigation of one person, or that they have hidden it there."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    is_hidden = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "view"], name="view_place_once")]

    def __str__(self) -> str:
        return f"View {self.view_id} for {self.user_id}"


class OpeningList(models.Model):
    """Choose what opens first: for one person, or for everybody of a role who has chosen nothing.

    A list of `kind`, or `view`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    role = models.CharField(max_length=20, blank=True, choices=Role.choices)
    kind = models.CharField(max_length=12, blank=True)
    view = models.ForeignKey(SavedView, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["role"], name="opening_list_of_role", condition=Q(user__isnull=True)
            ),
            models.CheckConstraint(
                name="opening_list_for_somebody",
                condition=Q(user__isnull=False, role="") | (Q(user__isnull=True) & ~Q(role="")),
            ),
            models.CheckConstraint(
                name="opening_list_of_something",
                condition=Q(view__isnull=False, kind="") | (Q(view__isnull=True) & ~Q(kind="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or self.view_id} for {self.user_id or self.role}"
