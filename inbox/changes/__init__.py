"""The only way to change a case: lock, check, change, write with its event and clocks.

May import: live, previews, visibility and all below; no verb, no notice.
A new verb goes to `inbox.cases`, a new sentence of refusal to `refusals`, a new column of a case to `case_row`.
"""
