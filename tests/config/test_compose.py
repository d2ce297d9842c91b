"""docker-compose.yml: every setting reaches the containers, each container may do only what it needs."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
APP = sorted(name for name, service in SERVICES.items() if service.get("build"))
#: Read by config/settings.py, but not for the owner of this deployment to set (BEHIND_PROXY is refused there).
FIXED = {"BEHIND_PROXY", "DEBUG", "STATICFILES_BACKEND", "STATIC_ROOT", "DATABASE_POOL"}


def read_names():
    """The names that config/settings.py reads from the environment."""
    for node in ast.walk(ast.parse((ROOT / "config/settings.py").read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        if re.match(r"(env(\.\w+)?|read_secret|os\.environ\.get)$", ast.unparse(node.func)):
            yield node.args[0].value


def documented_names():
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| setting | |")[1].split("\n\n")[0]
    return {
        name
        for row in re.findall(r"^\| (`[^|]+)\|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }


@pytest.mark.parametrize("name", APP)
def test_every_setting_reaches_the_container(name):
    handed = {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]}
    names = set(read_names())
    assert {"SECRET_KEY", "MFA", "OIDC_CLIENT_SECRET", "X_CLIENT_ID"} <= names
    assert names - handed - FIXED == set()
    assert documented_names() - handed == (set() if name == "migrate" else {"MIGRATION_DATABASE_URL"})


def test_only_the_migration_has_the_role_that_owns_the_tables():
    having = {
        name for name, service in SERVICES.items() if "migration_database_url" in service.get("secrets", ())
    }
    assert having == {"migrate"}
    assert [name for name in APP if "MIGRATION_DATABASE_URL_FILE" in SERVICES[name]["environment"]] == [
        "migrate"
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    owner = re.search(r"postgres://(\w+):.* > secrets/migration_database_url", readme)[1]
    application = re.search(r"postgres://(\w+):.* > secrets/database_url", readme)[1]
    assert owner == SERVICES["postgres"]["environment"]["POSTGRES_USER"] != application


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_may_do_only_what_it_needs(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] and service["pids_limit"]
    assert not service.get("privileged")
    if name in APP:
        assert "cap_add" not in service
        assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])


def test_the_databases_are_reached_from_inside_only():
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["data"]
        assert "ports" not in SERVICES[name]
    assert set(SERVICES["proxy"]["networks"]) == {"edge"}
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]


def test_the_proxy_that_is_believed_is_the_one_that_runs():
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]
    assert {SERVICES[name]["environment"]["TRUSTED_PROXY"] for name in APP} == {address}


def test_no_secret_is_in_an_argument_or_in_the_environment():
    for service in SERVICES.values():
        command = service.get("command", "")
        words = command if isinstance(command, str) else " ".join(command)
        assert not re.search(r"(--requirepass|--password|PASSWORD=)", words)
        for key, setting in (service.get("environment") or {}).items():
            if re.search(r"SECRET|PASSWORD|KEY", key) and not key.endswith("_FILE"):
                assert setting is None, f"{key} stands in the file"


def test_every_secret_is_a_file_of_its_own():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert all(entry == {"file": f"./secrets/{name}"} for name, entry in COMPOSE["secrets"].items())
