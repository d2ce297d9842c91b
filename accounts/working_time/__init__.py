"""People's working time: presence, leave, capacity, languages, skills and how a department distributes cases.

May import: access and the models.
A new fact about a person's working time goes into `forms` and the models; who may be given work into `presence`.
"""
