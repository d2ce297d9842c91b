"""The errors by which edits of rules, policies and questions are refused."""

from __future__ import annotations


class RuleSetError(ValueError):
    """A rule set that cannot decide. The message names the rule and says what is wrong, for its author."""


class EditNotPermitted(RuleSetError):
    """The edit touches what the person may not change; nothing was changed."""
