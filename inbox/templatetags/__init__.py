"""Template tags of the inbox: each draws one piece of markup out of what it is given.

May import: everything in inbox but views.
A new tag goes here when several pages share it and an include would need a query; else use an include.
"""
