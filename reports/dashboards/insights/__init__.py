"""Insights: at most three plain sentences under a board, made by rules, each with its number and the list behind it.

May import: what dashboards may. A board without sentences yet gets a module here, named for it.
A rule is a function that returns an `Insight`, or None without evidence; the board's module here passes them to
`choose_sentences`, and the template includes `reports/_sentences.html`.
"""
