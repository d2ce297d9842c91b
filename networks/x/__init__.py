"""X (API v2) through tweepy: the connector, credentials, errors, parsing, polling, finding, webhooks.

May import: `networks.transport`, `networks.wire`, `networks.base`; no other network.
A new stream of X goes into `poll`, a new refusal into `errors`, a new shape of an answer into `parse`.
"""
