"""What a rule asks of a message: fields, validation, compiled tests, implication, wording. Pure.

May import: business_hours, reading, scope and all below; not classifier or pages, which stand beside it.
A new rule condition begins in `fields`, is checked in `validation`, answered in `index`, and worded in `wording`.
"""
