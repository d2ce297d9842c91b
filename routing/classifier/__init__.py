"""The model of the learned router: features, fitting, scoring, packing. Pure: texts, votes and arrays.

May import: business_hours, reading, scope and all below; no model of the database, numpy only inside functions.
A new feature goes into `features`, a new measure into `measuring`; what people teach is `routing.learning`.
"""
