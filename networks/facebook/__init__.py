"""Facebook Pages (Graph) through facebook-sdk: the connector, errors, parsing, polling, look-ups, webhooks.

May import: `networks.transport`, `networks.wire`, `networks.base`; no other network.
A new stream of a Page goes into `poll`, a new error code into `errors`, a new response format into `parse`.
"""
