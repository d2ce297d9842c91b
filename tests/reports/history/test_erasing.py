"""A customer who asks to be forgotten is forgotten in other people's imported conversations, too."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Role
from inbox.models import Case, Customer, Identity, Message
from inbox.retention.erasing import erase_customer
from tests.factories import UserFactory
from tests.inbox.retention.conftest import owning_nothing
from tests.reports.history.files import conversation, import_file, said, write_lines

__all__ = ["owning_nothing"]


@pytest.mark.django_db
def test_what_somebody_wrote_in_another_conversation_goes_as_well(departments, file, owning_nothing):
    other = said("b", minutes=5, text="Same here, says Heliotrope", author="omar")
    import_file(write_lines(file, conversation("t", said("a"), other)))
    omar = Identity.objects.get(remote_id="omar").customer
    erase_customer(
        Customer.objects.get(pk=omar.pk), by=UserFactory(role=Role.ADMINISTRATOR), now=timezone.now()
    )
    assert list(Message.objects.order_by("id").values_list("text", flat=True)) == ["Where is my parcel?", ""]
    assert Case.objects.get().preview == "" and not Identity.objects.filter(remote_id="omar").exists()
