"""Any facts, any valid condition tree, any JSON."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from routing.conditions.validation import validate_condition
from routing.facts import Facts

WORDS = ["refund", "charged twice", "Größe", "reimburs*", "退款", "😡", "can't"]
PATTERNS = [r"order #?\d+", r"(a+)+$", r"^\s*hi", r"\bno\b.*\bfun\b"]

texts = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=st.characters(), max_size=50),  # lone surrogates and NUL among them
    st.lists(
        st.sampled_from(
            [
                "@brand",
                "https://a.b",
                "REFUND",
                "I was charged twice",
                "grosse",
                "reimbursement",
                "order 12",
                "\ud800",
                "\x00",
            ]
        )
    ).map(" ".join),
)

#: Texts that a slow and plain reading understands too.
plain_texts = st.lists(
    st.sampled_from(
        [
            "REFUND",
            "refunds",
            "charged",
            "twice",
            "Größe",
            "GROSSE",
            "reimbursed",
            "我退款了",
            "😡",
            "can't",
            "order #7",
            "aaa",
            "Hi",
            "no",
            "fun",
            "-",
            "@brand",
            "https://example.org/a",
        ]
    )
).map(" ".join)

#: The one calendar that the trees ask: Mondays to Fridays, 9 to 17 in Berlin, round the clock on Saturdays.
WEEK = [[[540, 1020]]] * 5 + [[[0, 1440]], []]
CALENDARS = {
    "7": {
        "name": "Office",
        "versions": [{"from": None, "content": {"time_zone": "Europe/Berlin", "week": WEEK}}],
    }
}

facts = st.builds(
    Facts,
    text=texts,
    network=st.sampled_from(["x", "facebook", ""]),
    stream=st.sampled_from(["mentions", "direct", ""]),
    brand_account=st.sampled_from(["x:1", "facebook:2", "\ud800"]),
    at=st.datetimes(timezones=st.just(dt.UTC)),
    language=st.sampled_from(["en", "de", ""]),
    followers=st.one_of(st.none(), st.integers(-5, 10**9)),
    verified=st.booleans(),
    is_reply=st.booleans(),
    is_retweet=st.booleans(),
    is_under_own_post=st.booleans(),
    sentiment=st.sampled_from(["negative", "neutral", "positive", ""]),
    wants_answer=st.booleans(),
    urgency=st.integers(0, 2),
    is_spam=st.booleans(),
    customer_tags=st.lists(st.sampled_from(["vip", "press", "\ud800"]), max_size=2).map(tuple),
    previous_department=st.sampled_from(["", "billing", "legal"]),
    open_cases=st.integers(0, 4),
)

leaves = st.one_of(
    st.sampled_from(["open", "closed"]).map(lambda state: {"field": "hours", "calendar": "7", "is": state}),
    st.builds(
        lambda operator, words: {"field": "words", operator: words},
        st.sampled_from(["any", "all"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    ),
    st.sampled_from(PATTERNS).map(lambda pattern: {"field": "pattern", "matches": pattern}),
    st.sampled_from(
        [
            ("network", "x"),
            ("stream", "direct"),
            ("language", "de"),
            ("brand_account", "x:1"),
            ("sentiment", "negative"),
            ("previous_department", "billing"),
            ("customer_tags", "vip"),
        ]
    ).map(lambda pair: {"field": pair[0], "is": [pair[1]]}),
    st.integers(0, 10**6).map(lambda number: {"field": "followers", "gte": number}),
    st.integers(0, 10**6).map(lambda number: {"field": "followers", "lte": number}),
    st.builds(
        lambda field, bound, number: {"field": field, bound: number},
        st.sampled_from(["open_cases", "urgency", "word_count"]),
        st.sampled_from(["gte", "lte"]),
        st.integers(0, 2),
    ),
    st.builds(
        lambda field, value: {"field": field, "is": value},
        st.sampled_from(
            [
                "verified",
                "is_reply",
                "is_retweet",
                "is_under_own_post",
                "wants_answer",
                "is_spam",
                "emoji_only",
                "has_link",
            ]
        ),
        st.booleans(),
    ),
)

trees = st.recursive(
    leaves,
    lambda children: st.builds(
        lambda group, parts: {group: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(children, min_size=1, max_size=4),
    ),
    max_leaves=12,
).filter(lambda tree: not validate_condition(tree))

anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(alphabet=st.characters(), max_size=20),
        st.sampled_from(["words", "pattern", "network", "followers", "verified", "all", "any"]),
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["all", "any", "none", "field", "is", "matches", "gte", "lte"]),
                st.text(max_size=5),
            ),
            children,
            max_size=4,
        ),
    ),
    max_leaves=15,
)
