"""The column of a row that search compares, and queries of it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models

from inbox.search_words.lexemes import index_text


class IndexedTextField(SearchVectorField):  # type: ignore[type-arg]
    """The lexemes of other fields of the row, made when it is saved.

    Null: not made yet; a trigger sets that when the text is changed without this column.
    """

    def __init__(self, *sources: str, **options: Any) -> None:
        super().__init__(**{"null": True, "editable": False, **options})
        self.sources = sources

    def deconstruct(self) -> Any:
        """Return a plain field: migrations make no lexemes."""
        name, _path, positional, options = super().deconstruct()
        return name, "django.contrib.postgres.search.SearchVectorField", positional, options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the lexemes to store."""
        lexemes = index_text(" ".join(getattr(model_instance, source) for source in self.sources))
        setattr(model_instance, self.attname, lexemes)
        return lexemes

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Return the placeholder, because Postgres does not infer this type."""
        return "%s::tsvector"


class LexemeQuery(SearchQuery):
    """A query of lexemes that are compared as they are: `'kf' <-> '37245':*`.

    `tsquery` comes from `SearchWords.as_tsquery`; a prepared queryset may replace it.
    """

    template = "%(expressions)s::tsquery"

    def __init__(self, tsquery: str) -> None:
        super().__init__(tsquery, search_type="raw")
