from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        # The models of this room exist only now.
        from accounts.people import verbs as people
        from inbox.assignment.leavers import at_stake, release_cases, release_unseen

        people.when_user_leaves.append(release_cases)
        people.when_user_changes.append(release_unseen)
        people.work_at_stake.append(at_stake)

        from inbox.decisions import recent_messages
        from inbox.notices import rule_changes as rule_notices
        from routing.learning import suggested_rules
        from routing.rules import versions as rulesets

        suggested_rules.recent.append(recent_messages.caught)
        rulesets.when_published.append(rule_notices.tell_departments)
