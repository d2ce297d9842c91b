"""X (API v2) through tweepy: the connector, credentials, errors, parsing, polling, look-ups, webhooks.

May import: `networks.transport`, `networks.wire`, `networks.base`; no other network.
A new stream of X goes into `poll`, a new error code into `errors`, a new response format into `parse`.
"""
