"""Everything that the page of one case shows: its context, the thread, the clocks, custody, the side panels.

May import: every room of inbox below it (queue, decisions, assignment, cases, replies, …); no view, no task. A new
panel of the case's page is a module here that returns plain rows for its template; a new change to a case is a verb in
`inbox.cases`.
"""
