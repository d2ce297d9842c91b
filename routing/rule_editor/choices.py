"""Options of the selects in the rule editor: values with display names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from accounts.access import ROLES
from accounts.models import BrandAccount, Department, Membership, Skill, User
from routing.conditions.sentences import language_name
from routing.conditions.wording import network_name
from routing.models import Calendar
from routing.playbook.versions import playbook_branch_options

Options = list[tuple[str, str]]
#: Languages that are offered; rules may name others.
LANGUAGES = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "tr", "ru", "uk", "cs", "da", "sv", "no", "fi", "el", "hu", "ro",
    "ar", "he", "hi", "ja", "ko", "zh", "id", "th", "vi",
)  # fmt: skip
#: Labels of the fields that a row may compare, by group of their select.
FIELD_GROUPS: dict[str, dict[str, str]] = {
    "The message": {
        "about": "Subject",
        "words": "Words",
        "pattern": "Pattern",
        "language": "Language",
        "sentiment": "Sentiment",
        "wants_answer": "Needs an answer",
        "urgency": "Urgency",
        "is_spam": "Looks like spam",
        "emoji_only": "Only emoji",
        "has_link": "Has a link",
        "word_count": "Number of words",
    },
    "Where it is": {
        "network": "Network",
        "stream": "Stream",
        "brand_account": "Brand account",
        "is_reply": "Is a reply",
        "is_retweet": "Is a repost",
        "is_under_own_post": "Under a post of ours",
    },
    "The customer": {
        "followers": "Followers",
        "verified": "Verified",
        "customer_tags": "Customer's tags",
        "previous_department": "Last helped by",
        "open_cases": "Open cases",
    },
    "When": {"hours": "Business hours"},
}
URGENCIES: Options = [("0", "low"), ("1", "raised"), ("2", "high")]


@dataclass(frozen=True, slots=True)
class EditorChoices:
    """The options of an editor.

    `fields` are the values of conditions, by field. The rest is for the actions of a rule: `people` by user name,
    `skills` by slug, `branches` of the playbook by the key of their question.
    """

    fields: dict[str, Options] = field(default_factory=dict)
    people: Options = field(default_factory=list)
    skills: Options = field(default_factory=list)
    branches: Options = field(default_factory=list)


def load_editor_choices(
    user: User, only: Collection[str] = (), word_lists: Mapping[str, Mapping[str, Any]] | None = None
) -> EditorChoices:
    """Return the options that the editor offers this user.

    `only` limits the brand accounts to these ("network:remote id"); empty for all that the user may see.
    `word_lists` are those of the rules being edited, by key. Six statements.
    """
    accounts = list(BrandAccount.objects.visible_to(user))
    streams = [
        ("mentions", "Mentions"), ("comments", "Comments"), ("visitor_posts", "Posts on the page"), ("direct", "Direct"),
    ]  # fmt: skip
    networks = sorted({"x", "facebook"} | {account.network for account in accounts})
    return EditorChoices(
        fields={
            "about": sorted(
                ((key, each["name"]) for key, each in (word_lists or {}).items()), key=itemgetter(1)
            ),
            "network": [(network, network_name(network)) for network in networks],
            "stream": streams,
            "brand_account": [
                (key, str(account))
                for account in accounts
                if (key := f"{account.network}:{account.remote_id}") in only or not only
            ],
            "language": [(code, language_name(code)) for code in LANGUAGES],
            "sentiment": [(value, value) for value in ("negative", "neutral", "positive")],
            "previous_department": list(Department.objects.values_list("slug", "name")),
            "hours": [(str(pk), name) for pk, name in Calendar.objects.values_list("pk", "name")],
        },
        people=_people_options(),
        skills=list(Skill.objects.values_list("slug", "name")),
        branches=playbook_branch_options(),
    )


def _people_options() -> Options:
    """Return all active users who work on cases of a department."""
    members = Membership.objects.values("user")
    users = User.objects.filter(pk__in=members, is_active=True, role__in=ROLES["claim"])
    return [
        (user.username, f"{user} ({user.username})") for user in users.order_by("first_name", "last_name")
    ]
