"""Previews of a draft of the rules on past messages: the messages that would go elsewhere, and why.

May import: visibility, display, connections, text, paging and the models; no verb, no ingest. A new figure of a
preview is counted in `run` and worded in `page`; past messages are read in `messages`.
"""
