"""Detection of static files that changed since `up` last collected them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from config.embedded.data_folder import CHECKOUT


class StaticFiles:
    """The collected files in the data folder, with a fingerprint of their sources."""

    def __init__(self, home: Path) -> None:
        self._collected = home / "static"
        self._note = home / "static.fingerprint"

    def needed_command(self) -> list[str]:
        """Return the `collectstatic` command, or [] when it is not needed.

        It is not needed while the collected files match their sources.
        """
        try:
            current = self._note.read_text(encoding="ascii") == self._fingerprint()
        except OSError:
            current = False
        return (
            [] if current and self._collected.is_dir() else ["collectstatic", "--noinput", "--verbosity", "0"]
        )

    def remember_collected(self) -> None:
        """Store the fingerprint of the sources that were just collected."""
        self._note.write_text(self._fingerprint(), encoding="ascii")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256((CHECKOUT / "requirements.lock").read_bytes())
        for source in sorted((CHECKOUT / "static").rglob("*")):
            if source.is_file():
                digest.update(f"{source}\0{source.stat().st_size}\0{source.stat().st_mtime_ns}\n".encode())
        return digest.hexdigest()
