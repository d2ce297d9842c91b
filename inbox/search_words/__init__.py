"""Texts as search compares them: lexemes of a text, what somebody typed, and the matches in a text.

May import: routing's reading of texts; no model, which is why models may import it. New syntax of a query goes into
`query`, what a part of a word finds into `lexemes`.
"""
