"""The model of the learned router: features, fitting, scoring, packing. Pure: texts, votes and arrays.

May import: business_hours, reading, scope and all below; no database models, and numpy only inside functions.
A new feature goes into `features`, a new measure into `measuring`. Corrections by people are in
`routing.learning`.
"""
