"""The errors that refuse edits of rules, policies and questions."""

from __future__ import annotations


class RuleSetError(ValueError):
    """A rule set that cannot decide. The message, for its author, names the rule and says what is wrong."""


class EditNotPermitted(RuleSetError):
    """The edit affects something that the user may not change; nothing was changed."""
