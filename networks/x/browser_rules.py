"""The rules of X's length for the script that counts while somebody types, as `static/js/weights.js`.

`python -m networks.x.browser_rules > static/js/weights.js` writes the file anew, and a test compares it.
"""

from __future__ import annotations

import json
import sys

from networks.x.emoji import emoji_pattern
from networks.x.length import EMOJI_WEIGHT, LIGHT_RANGES, LINK_WEIGHT, LONGEST_WEIGHED

_HEAD = (
    "// X's rules of length, written by networks/x/browser_rules.py from those of the server. Do not edit.\n"
)
#: Stands for the list of top-level domains, which two patterns hold.
_DOMAINS = "{domains}"


def build_script() -> str:
    """Return the script: one object with the patterns and weights."""
    from twitter_text.regexp.extract_url import extract_url
    from twitter_text.regexp.valid_ascii_domain import valid_ascii_domain
    from twitter_text.regexp.valid_cctld import valid_cctld
    from twitter_text.regexp.valid_gtld import valid_gtld
    from twitter_text.regexp.valid_tco_url import valid_tco_url

    domains = f"{valid_gtld.pattern}|{valid_cctld.pattern}"
    rules = {
        "domains": domains,
        "link": extract_url.pattern.replace(domains, _DOMAINS),
        "asciiDomain": valid_ascii_domain.pattern.replace(domains, _DOMAINS),
        "shortLink": valid_tco_url.pattern,
        "emoji": emoji_pattern(),
        "light": LIGHT_RANGES,
        "linkWeight": LINK_WEIGHT,
        "emojiWeight": EMOJI_WEIGHT,
        "longest": LONGEST_WEIGHED,
    }
    lines = ",\n".join(f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in rules.items())
    return (
        f"{_HEAD}window.horseshoe = window.horseshoe || {{}};\nwindow.horseshoe.weights = {{\n{lines},\n}};\n"
    )


if __name__ == "__main__":
    sys.stdout.write(build_script())
