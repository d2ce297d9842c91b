"""The Content-Security-Policy.

Pages load from this server only, forms lead to this server only, and inline scripts and styles need a nonce.
"""

from __future__ import annotations

from csp.constants import NONCE, NONE, SELF

DIRECTIVES: dict[str, list[object]] = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "worker-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": DIRECTIVES}
