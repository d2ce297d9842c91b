"""The inner part of a bench, run in a child process.

The child's environment names the bench's database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from config.bench.scratch import Scratch
from config.embedded.data_folder import CHECKOUT


def run_in_child(space: Scratch, cases: int, options: dict[str, Any]) -> dict[str, Any]:
    """Run the inner part of a bench and return its JSON object.

    Its progress goes to our output. Raises `SystemExit` with the child's status when it fails.
    """
    command = [sys.executable, str(CHECKOUT / "manage.py"), "bench", options["name"], "--inside"]
    for name in ("clients", "listeners", "rounds", "messages"):
        command += [f"--{name}", str(options[name])]
    command += ["--json"] if options["json"] else []
    last = "{}"
    with subprocess.Popen(command, env=space.environment(cases), stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            if line.startswith("{"):
                last = line
            else:
                print(line, end="", flush=True)
    if child.returncode:
        raise SystemExit(child.returncode)
    answer: dict[str, Any] = json.loads(last)
    return answer
