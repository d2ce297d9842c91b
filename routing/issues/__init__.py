"""Whether two posts of a customer can be about the same issue, by lists of words. Pure.

May import: text, below it in the room.
A new subject, or a word of one, goes to `words.txt`.
"""
