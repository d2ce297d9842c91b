"""Compare two posts of a customer by lists of words: can they be about the same issue? Pure.

May import: text, below it in the room.
A new subject, or a word of one, goes to `words.txt`.
"""
