"""The content that is not read from Facebook, with the reasons."""

from __future__ import annotations

from networks.blind_spots import BlindSpot

BLIND_SPOTS = (
    BlindSpot(
        "permission",
        "Comments and posts of visitors",
        "Facebook shares them only with the permissions “pages_read_engagement” and “pages_read_user_content”.",
        scopes=("pages_read_engagement", "pages_read_user_content"),
    ),
    BlindSpot(
        "permission",
        "Direct messages",
        "Facebook shares them only with the permission “pages_messaging”.",
        scopes=("pages_messaging",),
    ),
    BlindSpot(
        "permission",
        "Comments under advertisements",
        "An advertisement that was never published on the Page is in none of its lists. Facebook shares it only "
        "with the permission “ads_read” for the advertising account.",
        scopes=("ads_read",),
    ),
    BlindSpot(
        "window",
        "Direct messages from more than 30 days before the account was connected",
        "Older conversations come in when the customer writes again.",
    ),
    BlindSpot(
        "window",
        "Edits and deletions long after a comment was written",
        "Facebook does not list them. Only the newest comments are read again.",
    ),
    BlindSpot(
        "kind",
        "Posts about the Page elsewhere on Facebook, unless they tag it",
        "Facebook lists only posts on the Page and posts that tag it.",
    ),
    BlindSpot(
        "kind",
        "Who wrote some comments",
        "Facebook withholds the name of people who have not allowed it. Each such comment is a case of its own.",
    ),
    BlindSpot("kind", "Reviews and recommendations", "Facebook no longer shares them with any app."),
    BlindSpot("kind", "Stories and live chats", "Facebook shows them only in its own app."),
)
