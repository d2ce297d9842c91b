"""Rows without the words of search get them, and rows whose text changes elsewhere lose them."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from inbox.models import Identity, Message
from inbox.queue.search_filling import fill_search_words
from inbox.tasks import fill_search_words as task
from tests.factories import IdentityFactory, MessageFactory

pytestmark = pytest.mark.django_db


def test_rows_without_words_get_them_once():
    message, identity = MessageFactory(text="the kettle leaks"), IdentityFactory(handle="ann_baker")
    assert fill_search_words(None) == 0
    expected = Message.objects.values_list("search", flat=True).get(pk=message.pk)
    Message.objects.update(search=None)
    Identity.objects.update(search=None)
    assert fill_search_words(None) == Message.objects.count() + Identity.objects.count()
    assert Message.objects.values_list("search", flat=True).get(pk=message.pk) == expected
    assert "'baker':2" in Identity.objects.values_list("search", flat=True).get(pk=identity.pk)
    assert fill_search_words(None) == 0


def test_a_text_that_is_changed_elsewhere_is_read_again():
    message = MessageFactory(text="the kettle leaks")
    Message.objects.filter(pk=message.pk).update(text="the pan leaks")
    Identity.objects.filter(pk=message.identity_id).update(name="Cora Quill")
    task()
    assert "'pan':2" in Message.objects.values_list("search", flat=True).get(pk=message.pk)
    assert "'quill':" in Identity.objects.values_list("search", flat=True).get(pk=message.identity_id)


def test_the_command_says_how_many(capsys):
    MessageFactory()
    Message.objects.update(search=None)
    call_command("index_search")
    assert "1 messages and customers" in capsys.readouterr().out
