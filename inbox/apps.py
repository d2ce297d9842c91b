from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        # The models of this room exist only now.
        from accounts import people
        from inbox.leaving import release_cases

        people.when_user_leaves.append(release_cases)
