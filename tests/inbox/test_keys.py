"""The keys: one table, and nothing on a page that disagrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.keys import KEYS, KeyReach, find_key
from inbox.templatetags.keys import kbd, key
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

TEMPLATES = Path(__file__).parents[2] / "templates"
#: An attribute that a key presses, or the cap of a letter, written out instead of taken from the table.
WRITTEN_OUT = re.compile(
    r"""data-(?:key|bulk-key|press|go)="[^{"]|<kbd[^>]*>(?:[A-Z;/#?.]|Ctrl [A-Z↵])</kbd>"""
)
TAGS = re.compile(r"""{% (?:key|kbd|caps) "(\w+)\"""")


def test_no_template_writes_a_key_out():
    written = [
        f"{path.relative_to(TEMPLATES)}: {match[0]}"
        for path in TEMPLATES.rglob("*.html")
        for match in WRITTEN_OUT.finditer(path.read_text())
    ]
    assert written == []


def test_every_key_that_a_template_names_is_in_the_table():
    named = {name for path in TEMPLATES.rglob("*.html") for name in TAGS.findall(path.read_text())}
    assert named
    assert named - {each.name for each in KEYS} == set()


def test_every_letter_of_the_table_is_on_some_element_or_is_pressed_by_a_script():
    named = {name for path in TEMPLATES.rglob("*.html") for name in TAGS.findall(path.read_text())}
    by_scripts = {"next", "previous", "select", "keys", "palette", "digits", "leave", "send"}
    by_scripts |= {"select_down", "select_up", "select_all"}
    views = {each.name for each in KEYS if each.reach is KeyReach.VIEWS}
    assert {each.name for each in KEYS} - named - by_scripts - views == set()


def test_no_two_acts_share_a_key():
    strokes = [each.strokes for each in KEYS]
    assert len(strokes) == len(set(strokes))
    assert len({each.name for each in KEYS}) == len(KEYS)


def test_what_is_pressed_and_what_is_shown_are_one():
    assert key("resolve") == 'data-key="e"'
    assert kbd("resolve") == '<kbd aria-hidden="true">E</kbd>'
    assert kbd("send") == '<kbd aria-hidden="true">Ctrl ↵</kbd>'
    assert find_key("go_open").caps == ["G", "O"]


@pytest.mark.django_db
def test_the_list_of_keys_and_the_navigation_say_the_same_as_the_table(client):
    department = DepartmentFactory()
    user = UserFactory(role=Role.MANAGER, departments=[department], publishes=[BrandAccountFactory()])
    page = signed_in(user).get(reverse("inbox:queue")).content.decode()
    dialog = page[page.index('<dialog id="keys"') :]
    for each in KEYS:
        assert f'data-name="{each.name}" data-key-of="{each.strokes}"' in dialog, each.name
        assert each.words.partition(";")[0] in dialog.replace("&#x27;", "'"), each.name
    rail = page[page.index('id="rail"') : page.index("</nav>")]
    letters = re.findall(r'data-go="(.)"', rail)
    # Digits are for saved views, of which there is none here.
    views = [each.last for each in KEYS if each.reach is KeyReach.VIEWS and each.name != "go_saved_view"]
    assert sorted(letters) == sorted(views)


@pytest.mark.django_db
def test_the_page_of_a_case_carries_the_key_to_be_reminded():
    department, brand = DepartmentFactory(), BrandAccountFactory()
    user = UserFactory(departments=[department], publishes=[brand])
    case = CaseFactory(department=department, brand_account=brand)
    page = signed_in(user).get(reverse("inbox:case", args=[case.pk])).content.decode()
    assert re.search(
        r'<summary class="btn plain" data-key="c">Remind me <kbd aria-hidden="true">C</kbd>', page
    )
