"""The content that is not read from X, with the reasons."""

from __future__ import annotations

from networks.blind_spots import BlindSpot

BLIND_SPOTS = (
    BlindSpot(
        "permission",
        "Direct messages",
        "X shares them only with the permission “dm.read”.",
        scopes=("dm.read",),
    ),
    BlindSpot(
        "window",
        "Direct messages older than 30 days",
        "X returns the last 30 days. What came in since the account was connected is kept here.",
    ),
    BlindSpot(
        "window",
        "Answers to our posts that were written more than 7 days before the account was connected",
        "X’s search ends there.",
    ),
    BlindSpot(
        "window",
        "More than 800 mentions between two fetches",
        "X returns the newest 800. When there were more, a possible gap is shown here.",
    ),
    BlindSpot(
        "kind",
        "Posts that quote us or link to us without naming us",
        "They are in none of the lists that X returns for an account.",
    ),
    BlindSpot(
        "kind",
        "Posts of accounts that are private or have blocked us",
        "X shows them only to people who may read them there.",
    ),
    BlindSpot(
        "kind",
        "Encrypted direct messages",
        "X does not share them. They can be read in X’s own app only.",
    ),
)
