"""Conditions of rules: fields, validation, compiled tests, implication, wording. Pure.

May import: business_hours, reading, scope and all below; not classifier or pages, which are on the same layer. A new
kind of condition is listed in `fields`, checked in `validation`, looked up in `index`, and described in `wording`.
"""
