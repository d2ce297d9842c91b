import pytest
from django.utils import timezone

from config.management.commands.seed_demo import seed_departments
from routing.rules.starter import DEFAULT_DEPARTMENT
from routing.rules.versions import clear_rules_cache, install_starter_rules


@pytest.fixture
def departments(db):
    """The departments and rules of a new installation."""
    clear_rules_cache()
    departments = seed_departments()
    install_starter_rules(departments, DEFAULT_DEPARTMENT, timezone.now())
    yield departments
    clear_rules_cache()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "past.jsonl"
