"""Events of a case as lines of its thread."""

from __future__ import annotations

import pytest

from inbox.case_page.event_lines import event_line
from inbox.models import CaseEvent, Verb


def line(verb, **data):
    return event_line(CaseEvent(verb=verb, data=data))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "No rule matched → Service (default department, version 3)",
            "Routed to Service: No rule matched; default department, version 3",
        ),
        (
            "About “parcels” (“lost” and “crate”) → Service (rule “Parcels (all)”, version 3)",
            "Routed to Service: About “parcels” (“lost” and “crate”); rule “Parcels (all)”, version 3",
        ),
        (
            "The pattern “\\b(can|could) you” and the word “crate” → Service (rule “Asks”, version 3)",
            "Routed to Service: A pattern and the word “crate”; rule “Asks”, version 3",
        ),
        ("Added by hand", "Routed to Service: Added by hand"),
        ("", "Routed to Service"),
    ],
)
def test_a_routing_names_its_department_once_and_no_pattern(reason, said):
    assert line(Verb.ROUTED, to="Service", reason=reason) == said


def test_a_rerouting_names_its_department_once():
    said = line(Verb.ROUTED, **{
        "from": "Sales", "to": "Service", "reason": "The word “crate” → Service (rule “Crates”, version 3)",
    })  # fmt: skip
    assert said == "Rerouted from Sales to Service: The word “crate”; rule “Crates”, version 3"
