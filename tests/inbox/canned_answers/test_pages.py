"""The pages of canned answers: who sees and changes which, what is refused, and what the list says."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import AuditEntry, Role
from inbox.models import CannedAnswer, CannedText, CannedUse
from tests.factories import NOW, CannedAnswerFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db
LIST = "/canned-answers/"


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


def form(place="me", version=0, texts=(("en", "", "Hello {customer}"),), **fields):
    rows = {f"texts-{n}-{name}": value for n, row in enumerate(texts) for name, value in zip(("language", "network", "text"), row, strict=True)}  # fmt: skip
    return {
        "title": "Greeting",
        "shortcut": ";Hello-There",
        "place": place,
        "version": version,
        "texts-TOTAL_FORMS": len(texts),
        "texts-INITIAL_FORMS": 0,
        **rows,
        **fields,
    }


def test_who_reads_and_changes_which(service):
    billing = DepartmentFactory(slug="billing")
    people = {
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "manager": UserFactory(role=Role.MANAGER, departments=[service]),
        "community": UserFactory(role=Role.COMMUNITY, departments=[service]),
        "agent": UserFactory(role=Role.AGENT, departments=[service]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[service]),
    }
    answers = {
        "company": CannedAnswerFactory(),
        "service": CannedAnswerFactory(department=service),
        "billing": CannedAnswerFactory(department=billing),
        **{person: CannedAnswerFactory(owner=user) for person, user in people.items()},
    }
    reads = {
        "administrator": {"company", "service", "billing", "administrator"},
        "manager": {"company", "service", "manager"},
        "community": {"company", "service", "billing", "community"},
        "agent": {"company", "service", "agent"},
        "analyst": set(),
    }
    changes = {
        "administrator": reads["administrator"],
        "manager": {"service", "manager"},
        "community": {"service", "community"},
        "agent": {"agent"},
        "analyst": set(),
    }
    for person, user in people.items():
        client = signed_in(user)
        assert client.get(LIST).status_code == (200 if reads[person] else 404)
        for name, answer in answers.items():
            address = f"{LIST}{answer.pk}/"
            assert client.get(address).status_code == (200 if name in reads[person] else 404), (person, name)
            assert client.post(address, {}).status_code == (422 if name in changes[person] else 404), (
                person,
                name,
            )
            done = client.post(f"{address}archive/").status_code
            assert done == (302 if name in changes[person] else 404), (person, name)
            copied = client.post(f"{address}duplicate/").status_code
            assert copied == (302 if name in reads[person] else 404), (person, name)


def test_an_answer_is_added_changed_archived_and_restored(service):
    manager = UserFactory(role=Role.MANAGER, departments=[service], first_name="Ann")
    client = signed_in(manager)
    texts = (
        ("en", "", "Hello { Customer }"),
        ("de", "", "Hallo {customer}"),
        ("en", "x", "Hi!"),
        ("fr", "", " "),
    )
    assert client.post(f"{LIST}new/", form("department:service", texts=texts)).status_code == 302
    answer = CannedAnswer.objects.get()
    assert (answer.shortcut, answer.scope, answer.department) == ("hello-there", "department", service)
    stored = set(CannedText.objects.values_list("language", "network", "text"))
    assert stored == {("en", "", "Hello {customer}"), ("de", "", "Hallo {customer}"), ("en", "x", "Hi!")}
    assert (
        client.post(f"{LIST}{answer.pk}/", form("department:service", 1, title="Welcome")).status_code == 302
    )
    late = client.post(f"{LIST}{answer.pk}/", form("department:service", 1, title="Salutation"))
    assert late.status_code == 422
    assert "changed this canned answer in the meantime" in late.content.decode()
    assert CannedAnswer.objects.get().title == "Welcome"
    assert (
        client.post(f"{LIST}{answer.pk}/", form("department:service", 2, title="Salutation")).status_code
        == 302
    )
    archived = client.post(f"{LIST}{answer.pk}/archive/")
    said = [str(message.extra_tags) for message in get_messages(archived.wsgi_request)]
    assert f"undo-page {LIST}{answer.pk}/restore/" in said
    assert "Salutation</bdi>" not in client.get(LIST).content.decode()
    assert "Salutation</bdi>" in client.get(f"{LIST}?archived=on").content.decode()
    client.post(f"{LIST}{answer.pk}/restore/")
    verbs = [entry.verb for entry in AuditEntry.objects.filter(kind="settings").order_by("pk")]
    assert verbs == [
        f"settings.canned-{done}" for done in ("added", "changed", "changed", "archived", "restored")
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"texts": (("en", "", "Hello {name}"),)}, "There is no placeholder {name}."),
        ({"texts": (("en", "", ""),)}, "Write a text in at least one language."),
        ({"texts": (("en", "x", "Hi"),)}, "Write a text in English for all networks, too"),
        ({"texts": (("en", "", "a"), ("en", "", "b"))}, "There are two texts for English."),
        ({"shortcut": "two words"}, "A shortcut has letters and digits"),
        ({"shortcut": "taken"}, "You have another canned answer with the shortcut ;taken."),
        ({"title": " "}, "Give it a name"),
        ({"place": "company"}, "Select a valid choice"),
        ({"title": "a\x00b"}, "cannot be stored"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept(fields, words):
    agent = UserFactory()
    CannedAnswerFactory(owner=agent, shortcut="taken")
    CannedAnswerFactory(shortcut="hello-there")
    shown = signed_in(agent).post(f"{LIST}new/", form(**fields))
    assert shown.status_code == 422
    assert words in shown.content.decode().replace("&#x27;", "'")
    assert CannedAnswer.objects.count() == 2


def test_lengths_count_the_signature(service):
    agent = UserFactory(initials="AB")
    answer = CannedAnswerFactory(owner=agent, texts={"en": "x" * 280, ("en", "x"): "y" * 10})
    page = signed_in(agent).get(f"{LIST}{answer.pk}/").content.decode()
    assert "X 284 / 280 · 4 too long, fits a direct message" in page
    assert "X 14 / 280" in page
    another = signed_in(agent).post(f"{LIST}new/", form(another="1")).content.decode()
    assert 'name="texts-1-text"' in another
    assert "Hello {customer}" in another


def test_the_list_is_searched_filtered_and_as_quick_with_fifty(service):
    agent = UserFactory(departments=[service])
    client = signed_in(agent)
    parcel = CannedAnswerFactory(title="Where is it", texts={"en": "Your parcel left", "de": "Dein Paket"})
    CannedAnswerFactory(title="Thanks", owner=agent, texts={"en": "Thank you", ("en", "x"): "Thx"})
    CannedUse.objects.create(
        answer=parcel, user=agent, month=NOW.date().replace(day=1), count=1204, last_used_at=NOW
    )

    def titles(query):
        page = client.get(f"{LIST}?{query}").content.decode()
        return {title for title in ("Where is it", "Thanks") if f"<bdi>{title}</bdi>" in page}

    assert titles("q=PARCEL+left") == {"Where is it"}
    assert titles("language=de") == {"Where is it"}
    assert titles("network=x") == {"Thanks"}
    assert titles("scope=person") == {"Thanks"}
    assert titles("scope=nonsense&page=99") == {"Where is it", "Thanks"}
    assert titles("q=nothing") == set()
    assert "1,204" in client.get(LIST).content.decode()
    few = count_statements(client, LIST)
    for _ in range(48):
        CannedAnswerFactory(department=service)
    assert count_statements(client, LIST) == few


def test_a_copy_has_a_shortcut_of_its_own():
    agent = UserFactory()
    own, shared = CannedAnswerFactory(owner=agent, shortcut="hi"), CannedAnswerFactory(shortcut="bye")
    for answer in (own, own, shared):
        signed_in(agent).post(reverse("inbox:canned_answer_duplicate", args=[answer.pk]))
    copies = CannedAnswer.objects.filter(owner=agent).exclude(pk=own.pk).order_by("pk")
    assert [copy.shortcut for copy in copies] == ["hi-2", "hi-3", "bye"]
