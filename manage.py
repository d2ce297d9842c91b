#!/usr/bin/env python3
"""The one command of Horseshoe: `up` runs everything, `test` runs the tests, the rest are Django's and ours.

Works from a bare Python: what is missing is installed into `.venv` beside this file first. So only the standard
library may be imported here, and nothing that an old Python could not even read.
"""

import os
import sys

OLDEST = (3, 11)


def main() -> int:
    """Check the ground, install what is missing, hand over; returns the exit status."""
    if os.name != "posix":
        print("Horseshoe runs on Linux and macOS; on Windows use WSL 2 or Docker.", file=sys.stderr)
        return 1
    if sys.version_info < OLDEST:
        print(
            "Horseshoe needs Python 3.11 or newer, and this is {}.{}: install python3.11 (Debian, Ubuntu: "
            "apt-get install python3.11 python3.11-venv) and run it with that.".format(*sys.version_info[:2]),
            file=sys.stderr,
        )
        return 1
    from config import bootstrap

    try:
        bootstrap.ensure_packages(sys.argv)
    except bootstrap.BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    from config import commandline

    return commandline.run_command_line(sys.argv)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
