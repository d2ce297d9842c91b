"""Macros: several acts on a case in one go. Kept by people, run by the verbs of single acts, undone as one.

May import: canned answers, later, cases, replies and what lies below; nothing of the pages. `steps` says what a step is
and what is wrong with it, `editing` changes a macro, `running` runs it, `undoing` takes a run back. A new kind of step
goes into `StepKind`, `steps`, `running` and `forms`; it calls the verb that a person would.
"""
