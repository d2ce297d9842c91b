"""Facebook Pages (Graph) through facebook-sdk: the connector, errors, parsing, polling, finding, webhooks.

May import: `networks.transport`, `networks.wire`, `networks.base`; no other network.
A new stream of a Page goes into `poll`, a new refusal into `errors`, a new shape of an answer into `parse`.
"""
