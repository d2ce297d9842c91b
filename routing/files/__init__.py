"""Files in and out: CSV tables read as facts, labelled rows scored, what would become of each row.

May import: learning, rules and all below; called by commands only.
A new kind of file is a module here; a new score of rules or reading is one, too.
"""
