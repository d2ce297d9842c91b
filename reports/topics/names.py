"""Words of topics that are names, of customers or of our own accounts: they are shown nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from accounts.models import BrandAccount
from inbox.search_words.lexemes import clip_lexeme, quote_lexeme
from reports.scopes import fetch_all
from reports.topics.words import WORD, name_words

#: A word is a name when so many customers are called by it, and not fewer than a quarter of the cases that say it.
_FEWEST_NAMED, _SHARE = 2, 4
#: Customers of one name, and cases of one word, that are looked at.
_MOST_LOOKED_AT = 400
_NAMED = """
SELECT w.word, i.name, (SELECT count(*) FROM (
  SELECT 1 FROM reports_casetopics t WHERE t.keys @> ARRAY[w.key] LIMIT %s) AS said)
FROM unnest(%s::text[], %s::text[], %s::text[]) AS w(word, lexeme, key)
CROSS JOIN LATERAL (SELECT name FROM inbox_identity WHERE search @@ w.lexeme::tsquery AND name <> '' LIMIT %s) AS i
"""


def find_name_words(keys: Iterable[str]) -> set[str]:
    """Return those of `keys` with a word that is mostly a name.

    One statement.
    """
    terms = {key: key.removeprefix(WORD).split(" ") for key in keys if key.startswith(WORD)}
    words = sorted({word for term in terms.values() for word in term})
    if not words:
        return set()
    lexemes = [quote_lexeme(clip_lexeme(word)) for word in words]
    own = [f"{WORD}{word}" for word in words]
    rows = fetch_all(_NAMED, [_MOST_LOOKED_AT, words, lexemes, own, _MOST_LOOKED_AT])
    called = Counter(word for word, name, _ in rows if word in name_words(name))
    case_counts = {word: count for word, _, count in rows}
    names = {word for word, n in called.items() if n >= _FEWEST_NAMED and _SHARE * n >= case_counts[word]}
    return {key for key, term in terms.items() if names.intersection(term)}


def find_brand_words(keys: Iterable[str]) -> set[str]:
    """Return those of `keys` that only name our own accounts.

    "Kettle leaks" says more, and stays. One statement.
    """
    accounts = BrandAccount.objects.values_list("name", "handle")
    ours = name_words(*(text.replace("_", " ") for each in accounts for text in each))
    terms = {key: key.removeprefix(WORD).split(" ") for key in keys if key.startswith(WORD)}
    return {key for key, term in terms.items() if ours.issuperset(term)}
