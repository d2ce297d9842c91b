"""Topics: what customers keep saying, and who of those who talk with each other say the same.

`words` cuts texts into terms, `refreshing` keeps the topics of each changed case, `rising` looks for topics that rise,
`neighbours` and `alerts` for linked customers with one topic. Pages read through `reports.rollups.topics`.
May import: behind, rollups, measures and what lies below them.
"""
