"""The targets of service levels in detail: those that run, by hour of the week, and the list behind each number.

May import: the other measures and what lies below them.
What the page of service levels counts anew is a module here; whether targets were met at all is `reports.measures.attainment`.
"""
