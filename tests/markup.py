"""What a page says, without the line breaks and indents of its template."""

from __future__ import annotations

import re

from django.http import HttpResponse

BLOCKS = (
    "article|aside|button|dd|details|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|label|legend|li|main|nav|ol|option"
    "|p|section|select|summary|table|tbody|td|th|thead|tr|ul"
)
AROUND_BLOCKS = re.compile(rf" ?(</?(?:{BLOCKS})\b[^>]*>) ?")


def squeezed(page: HttpResponse | str) -> str:
    """Return the markup with one blank for any white space, and none beside the tags of blocks.

    Two pages that a browser shows alike are alike here, wherever their templates break lines.
    """
    markup = page if isinstance(page, str) else page.content.decode()
    return AROUND_BLOCKS.sub(r"\1", " ".join(markup.split()))
