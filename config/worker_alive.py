"""Health check of a worker's container: has a worker on this host reported within the last 15 seconds?

Run as `python -m config.worker_alive`; exit status 0 when alive, 1 when not.
"""

from __future__ import annotations

import os
import socket
import sys

import django
import redis


def main() -> int:
    """Return 0 when a worker of this host has reported, else 1.

    Looks for the key that `config.celery` writes.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings

    from config.health import HOST_KEY_PREFIX

    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
    return 0 if client.exists(f"{HOST_KEY_PREFIX}{socket.gethostname()}") else 1


if __name__ == "__main__":
    sys.exit(main())
