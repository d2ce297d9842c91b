"""Acts on many cases at once: chosen in a list, done in the background, undone as one act.

May import: queue and all below; no page of a case. Each case is changed by the same function as its single verb.
A new act is a `BulkVerb`, a branch of `performing.perform`, and its words in `words`.
"""
