"""Input and output files: CSV tables as facts, scores of labelled rows, routing answers for rows.

May import: learning, rules and all below; called by commands only. A new kind of file is a module here, and
so is a new score of rules or reading.
"""
