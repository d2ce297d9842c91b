"""`manage.py COMMAND` beside other programs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.commandline import CODE_OF_GONE_READER
from tests.config.conftest import CHECKOUT


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error():
    """As in `manage.py help | head -1`."""
    unread, output = os.pipe()
    os.close(unread)
    try:
        done = subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), "help"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(output)
    assert (done.returncode, done.stderr) == (CODE_OF_GONE_READER, "")
