"""Template tags of the inbox: each renders one piece of markup from its arguments.

May import: everything in inbox but views. A new tag goes here when several pages share it and an include would need a
query; else use an include.
"""
