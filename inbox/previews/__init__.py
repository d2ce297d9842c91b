"""A draft of rules tried on the past: which messages would go elsewhere, and why.

May import: visibility, display, connections, text, paging and the models; no verb, no ingest.
A new figure of a preview is counted in `run` and worded in `page`; reading past messages is `messages`.
"""
