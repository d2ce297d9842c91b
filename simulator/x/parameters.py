"""Query parameters as X accepts them; anything else is a 400 that names the parameter."""

from __future__ import annotations

from starlette.requests import Request

from simulator.identifiers import open_page_token, snowflake_floor
from simulator.records import parse_time
from simulator.x.errors import invalid_error
from simulator.x.render import Wanted

TWEET_FIELDS = frozenset(
    [
        "article",
        "attachments",
        "author_id",
        "card_uri",
        "community_id",
        "context_annotations",
        "conversation_id",
        "created_at",
        "display_text_range",
        "edit_controls",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "id",
        "in_reply_to_user_id",
        "lang",
        "media_metadata",
        "non_public_metrics",
        "note_tweet",
        "organic_metrics",
        "possibly_sensitive",
        "promoted_metrics",
        "public_metrics",
        "referenced_tweets",
        "reply_settings",
        "scopes",
        "source",
        "suggested_source_links",
        "text",
        "withheld",
    ]
)
USER_FIELDS = frozenset(
    [
        "affiliation",
        "confirmed_email",
        "connection_status",
        "created_at",
        "description",
        "entities",
        "id",
        "is_identity_verified",
        "location",
        "most_recent_tweet_id",
        "name",
        "parody",
        "pinned_tweet_id",
        "profile_banner_url",
        "profile_image_url",
        "protected",
        "public_metrics",
        "receives_your_dm",
        "subscription",
        "subscription_type",
        "url",
        "username",
        "verified",
        "verified_followers_count",
        "verified_type",
        "withheld",
    ]
)
EVENT_FIELDS = frozenset(
    [
        "attachments",
        "created_at",
        "dm_conversation_id",
        "entities",
        "event_type",
        "id",
        "participant_ids",
        "referenced_tweets",
        "sender_id",
        "text",
    ]
)
TWEET_EXPANSIONS = frozenset(
    [
        "article.cover_media",
        "article.media_entities",
        "attachments.media_keys",
        "attachments.media_source_tweet",
        "attachments.poll_ids",
        "author_id",
        "edit_history_tweet_ids",
        "entities.mentions.username",
        "entities.note.mentions.username",
        "geo.place_id",
        "in_reply_to_user_id",
        "referenced_tweets.id",
        "referenced_tweets.id.author_id",
        "referenced_tweets.id.attachments.media_keys",
    ]
)
EVENT_EXPANSIONS = frozenset(
    ["attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id"]
)
USER_EXPANSIONS = frozenset(["affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"])
_FIELDS = frozenset(
    ["tweet.fields", "user.fields", "expansions", "media.fields", "place.fields", "poll.fields"]
)
_PAGING = frozenset(["max_results", "pagination_token", "since_id", "until_id", "start_time", "end_time"])


def _listed(request: Request, name: str, allowed: frozenset[str]) -> frozenset[str]:
    values = frozenset(filter(None, request.query_params.get(name, "").split(",")))
    for value in sorted(values - allowed):
        raise invalid_error(
            f"The `{name}` query parameter value [{value}] is not one of [{','.join(sorted(allowed))}]",
            **{name.replace(".", "__"): value},
        )
    return values


def parse_wanted(request: Request, *more: str, expansions: frozenset[str] = TWEET_EXPANSIONS) -> Wanted:
    """Parse fields and expansions. Refuses parameters that neither they nor `more` name. Raises `Problem`
    400.
    """
    allowed = _FIELDS | frozenset(more)
    for name, value in request.query_params.items():
        if name not in allowed:
            raise invalid_error(f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]", **{name.replace(".", "__"): value})  # fmt: skip
    return Wanted(
        tweet=_listed(request, "tweet.fields", TWEET_FIELDS),
        user=_listed(request, "user.fields", USER_FIELDS),
        event=_listed(request, "dm_event.fields", EVENT_FIELDS),
        expansions=_listed(request, "expansions", expansions),
    )


def paging_names(*more: str) -> tuple[str, ...]:
    return (*_PAGING, *more)


def parse_page_size(request: Request, least: int, most: int, usual: int) -> int:
    """`max_results`."""
    value = request.query_params.get("max_results")
    if value is None:
        return usual
    if not value.isdigit() or not least <= int(value) <= most:
        raise invalid_error(
            f"The `max_results` query parameter value [{value}] is not between {least} and {most}",
            max_results=value,
        )
    return int(value)


def require_identifier(name: str, value: str) -> str:
    """Return a decimal id of at most 19 digits. Raises `Problem` 400 otherwise."""
    if not (value.isascii() and value.isdigit() and 0 < len(value) <= 19):
        raise invalid_error(f"The `{name}` query parameter value [{value}] is not valid", **{name: value})
    return value


def _time(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError:
        raise invalid_error(
            f"The `{name}` query parameter value [{value}] is not a valid time", **{name: value}
        ) from None


def parse_id_window(request: Request) -> tuple[int | None, int | None]:
    """Return the ids (above, below), both exclusive. `since_id`, `until_id`, `start_time` and `end_time` set
    them.
    """
    above: list[int] = []
    below: list[int] = []
    if value := request.query_params.get("since_id"):
        above.append(int(require_identifier("since_id", value)))
    if value := request.query_params.get("until_id"):
        below.append(int(require_identifier("until_id", value)))
    if (moment := _time(request, "start_time")) is not None:
        above.append(snowflake_floor(moment) - 1)
    if (moment := _time(request, "end_time")) is not None:
        below.append(snowflake_floor(moment))
    return (max(above) if above else None), (min(below) if below else None)


def parse_page_token(request: Request, list_name: str, *names: str) -> int | None:
    """Return where the page before this one ended. The token was given out for the same list. Raises
    `Problem` 400.
    """
    for name in names or ("pagination_token",):
        value = request.query_params.get(name)
        if value is None:
            continue
        try:
            kind, last = open_page_token(value)
            if kind != list_name:
                raise ValueError("a token of another list")
            return int(last)
        except ValueError:
            raise invalid_error(
                f"The `{name}` query parameter value [{value}] is not valid", **{name: value}
            ) from None
    return None
