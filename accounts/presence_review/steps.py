"""The steps of a sunset in words: what each does, and what it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import BrandAccount, SunsetStep


@dataclass(frozen=True, slots=True)
class StepWords:
    """The texts of a step. `fields` are those of its form: name → (label, hint, required)."""

    does: str
    leaves: str
    button: str
    fields: dict[str, tuple[str, str, bool]] = field(default_factory=dict)


def describe_step(step: SunsetStep, brand_account: BrandAccount) -> StepWords:
    """Return the texts of a step for a brand account."""
    name, network = brand_account.display_name, brand_account.network_label
    return {
        SunsetStep.ANNOUNCE: StepWords(
            f"You say on {network} that {name} will close: a pinned post, the profile text. Here it is kept what was "
            "announced, and where.",
            "Horseshoe posts nothing by itself. Messages come in and are answered as before.",
            "It is announced",
            {"note": ("What was announced, and where", "The text, or a link to the post.", True)},
        ),
        SunsetStep.REDIRECT: StepWords(
            f"The composer of every case of {name} shows where its customers are sent from now on.",
            "Answers are still written by people, and sent as before.",
            "Send them there",
            {"moved_to": ("Where customers are sent", "For example “@kettle_help on X”.", True)},
        ),
        SunsetStep.DRAIN: StepWords(
            f"The open cases of {name} are brought to an end: each is answered, handed over or dismissed.",
            "No case is closed by itself. This step can’t be completed while one is open.",
            "All are done",
        ),
        SunsetStep.LISTEN: StepWords(
            f"New answers as {name} are refused from now on. Messages are still fetched and reach the inbox.",
            "Answers that wait to be sent are sent. The roster, the rules and the token stay.",
            "Only listen from now on",
        ),
        SunsetStep.ARCHIVE: StepWords(
            f"Fetching from {network} is paused for all streams of {name}.",
            "Cases, messages, customers and the charter stay readable, as long as texts are kept. The token stays.",
            "Stop fetching",
            {"note": ("Why before the 30 days of listening are over", "", False)},
        ),
        SunsetStep.REVOKE: StepWords(
            f"Two people sign. Then the token is deleted, {name} is disconnected and leaves the roster.",
            f"The history stays. On {network} itself, remove Horseshoe under the account’s connected apps.",
            "Revoke access",
        ),
    }[step]
