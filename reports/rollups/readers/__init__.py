"""Numbers of boards, read from facts and cells: each module as the measure of the same name, with the same signatures.

May import: the other modules of rollups, which import nothing of here.
A new board's numbers are a module here.
"""
