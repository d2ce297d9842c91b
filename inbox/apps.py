from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        # Imported here because models cannot be imported before the apps are ready.
        from accounts.people import verbs
        from accounts.sign_in import sessions
        from inbox.assignment.leavers import (
            describe_cases_at_stake,
            release_cases_of_leaver,
            release_cases_out_of_reach,
        )

        verbs.user_left_hooks.append(release_cases_of_leaver)
        verbs.user_changed_hooks.append(release_cases_out_of_reach)
        verbs.work_at_stake_hooks.append(describe_cases_at_stake)

        from inbox.live.publish import publish_watches_on_commit

        sessions.sessions_ended_hooks.append(publish_watches_on_commit)

        from accounts.brand_accounts import connecting
        from inbox.replies.disconnections import return_queued_answers

        connecting.disconnected_hooks.append(return_queued_answers)

        from accounts.presence_review import entry_check, sunsets
        from inbox.changes.answer_share import measure_answer_share
        from inbox.changes.open_cases import count_open_cases

        sunsets.open_cases_hooks.append(count_open_cases)
        entry_check.needs_answer_share_hooks.append(measure_answer_share)

        from inbox.decisions import recent_messages
        from inbox.notices import rule_changes
        from routing.learning import suggested_rules
        from routing.rules import versions
        from routing.word_lists import usage

        suggested_rules.caught_message_finders.append(recent_messages.find_recent_matches)
        usage.recent_words_readers.append(recent_messages.read_recent_words)
        versions.rules_published_callbacks.append(rule_changes.notify_departments_of_rules)
