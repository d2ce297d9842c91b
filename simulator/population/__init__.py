"""The customers of the demo: who they are, what they write, how they react.

May import: the simulator's records and wording.
A new kind of text is a file in `texts`; a new habit of customers goes into `script`.
"""
