"""Canned answers as files: what is exported can be imported, and one wrong line imports nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Role
from inbox.models import CannedAnswer, CannedText
from tests.factories import CannedAnswerFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


def post(client, text):
    file = SimpleUploadedFile("a.csv", text if isinstance(text, bytes) else text.encode())
    return client.post("/canned-answers/import/", {"file": file}, follow=True)


def test_a_file_comes_back_as_it_went(db):
    admin = UserFactory(role=Role.ADMINISTRATOR)
    service = DepartmentFactory(name="Service", slug="service")
    CannedAnswerFactory(
        title="=Sum", shortcut="sum", texts={"en": 'Say "yes",\nthen {customer}', ("en", "x"): "-1"}
    )
    CannedAnswerFactory(shortcut="parcel", department=service, texts={"de": "Paket"})
    CannedAnswerFactory(shortcut="own", owner=admin, texts={"en": "Mine"})
    client = signed_in(admin)
    exported = b"".join(client.get("/canned-answers/export/").streaming_content)
    assert b"'=Sum" in exported
    stored = set(CannedText.objects.values_list("answer__title", "language", "network", "text"))
    assert "3 in the file were the same already" in post(client, exported).content.decode()
    CannedAnswer.objects.all().delete()
    assert "3 canned answers were imported: 3 new" in post(client, exported).content.decode()
    assert set(CannedText.objects.values_list("answer__title", "language", "network", "text")) == stored
    narrowed = b"".join(client.get("/canned-answers/export/?q=paket").streaming_content)
    assert narrowed.count(b"\n") == 2


def test_one_wrong_line_imports_nothing(db):
    agent = UserFactory()
    client = signed_in(agent)
    head = "title;shortcut;for;language;network;text\n"
    wrong = {
        "Hi;hi;company;en;;Hello": "You cannot keep canned answers for “company”",
        "Hi;hi;me;klingon;;Hello": "“klingon” is no language",
        "Hi;hi;me;en;telex;Hello": "“telex” is no network",
        "Hi;hi;me;en;;": "The text is empty",
        "Hi;hi there;me;en;;Hello": "A shortcut has letters and digits",
        "Hi;hi;me;en;;Hello {you}": "There is no placeholder {you}",
    }
    for line, words in wrong.items():
        shown = post(client, f"{head}Good;good;;en;;Fine\n{line}\n").content.decode()
        assert "Line 3" in shown, line
        assert words in shown
        assert not CannedAnswer.objects.exists()
    assert "It is empty" in post(client, b" ").content.decode()
    assert "no column" in post(client, "a;b\n1;2\n").content.decode()
    assert "Choose a file" in client.post("/canned-answers/import/").content.decode()
    post(client, f"{head}Good;;good;;en;;Fine\n".replace(";;good", ";good"))
    assert CannedAnswer.objects.get().owner == agent
