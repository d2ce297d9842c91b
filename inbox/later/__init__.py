"""What happens later: snoozed cases that come back, reminders.

May import: cases, notices, replies, changes and all below; no page, no queue. The verbs of snoozing are in
`inbox.cases.snoozing`, because others combine them. A new kind of moment goes to `moments`.
"""
