"""Facts and cells kept for speed: a cache that can be built again from rows at any time (docs/decisions/0051).

`definitions` are the measures' own statements, `replacing` writes facts and cells by them, `refreshing` and `building` say
of which cases and when, `checking` compares. The other modules read, with the signatures of the measures; `freshness` says of what time that is.
May import: measures and what lies below them.
A new cell is a column of `models` and is filled, rebuilt and compared here.
"""
