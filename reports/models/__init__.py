"""The tables of the reports, by subject.

May import: the models of inbox, routing and accounts; nothing else of reports.
A new table is a model in the module of its subject, with a migration in `reports/migrations`.
"""
