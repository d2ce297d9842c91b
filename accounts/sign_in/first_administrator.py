"""The secret in the address at which the first administrator of an installation is made.

Whoever can read the installation's secret key, or the terminal of `manage.py up`, may use it. It works as long as
nobody has been added. Standard library only: `up` runs without Django.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

PATH = "auth/first/"


def make_token(secret_key: str) -> str:
    """Return the secret for this installation: 32 hexadecimal digits."""
    return hmac.new(secret_key.encode(), b"first administrator", hashlib.sha256).hexdigest()[:32]


def make_path(secret_key: str) -> str:
    """Return the path of the page, without the leading slash."""
    return f"{PATH}{make_token(secret_key)}/"


def describe_first_sign_in(address: str, environment: Mapping[str, str]) -> str:
    """Return the line that `up` prints about the first administrator.

    `address` is that of the web pages, with the slash at its end. A secret key in a file is not read here.
    """
    if secret_key := environment.get("SECRET_KEY", ""):
        return f"First time here? Make the first administrator: {address}{make_path(secret_key)}"
    return "First time here? `manage.py first_administrator` prints the address that makes the first administrator."
