"""The models of this room, by subject."""

from routing.models.rules import Priority, RoutingDefault, Rule, RuleSetVersion

__all__ = ["Priority", "RoutingDefault", "Rule", "RuleSetVersion"]
