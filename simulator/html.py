"""The little HTML that the networks show people: everything that is not markup is escaped here."""

from __future__ import annotations

import datetime as dt
import html

from starlette.responses import HTMLResponse, RedirectResponse, Response

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#f4f2ee, #12151a); --sheet: light-dark(#fffefb, #191d24);
  --line: light-dark(#e2ded6, #343c48); --ink: light-dark(#1b222c, #e9ebee); --soft: light-dark(#55606e, #a5afbb);
  --link: light-dark(#1f4f8f, #8db8f2); --brand: light-dark(#e1f3e9, #163024); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
  font: 1rem/1.5 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 1rem 0 .25rem; } p { margin: .25rem 0 .75rem; }
a { color: var(--link); } a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.soft, time { color: var(--soft); font-size: .875rem; }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .5rem 0; }
article.brand { background: var(--brand); }
article header { display: flex; flex-wrap: wrap; gap: 0 .5rem; align-items: baseline; }
article p { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; }
ol.thread { list-style: none; margin: 0; padding: 0; } ol.thread ol.thread { margin-inline-start: 1.25rem; }
form fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: .75rem 1rem; }
label { display: block; padding: .6rem 0; } button { font: inherit; padding: .7rem 1.4rem; margin: 0 .5rem .5rem 0; border-radius: .5rem;
  border: 1px solid var(--link); background: var(--sheet); color: var(--link); min-height: 44px; }
button.yes { background: var(--link); color: var(--sheet); }
""".strip()


def escaped(text: object) -> str:
    return html.escape(str(text), quote=True)


def moment(ms: int) -> str:
    """Render a time: readable for people, exact for machines."""
    at = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return f'<time datetime="{at.isoformat(timespec="seconds")}">{at:%d %b %Y, %H:%M} UTC</time>'


def page(title: str, body: str, status: int = 200) -> Response:
    """Render a whole page. `body` is markup, `title` is not."""
    content = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
    # A lone surrogate cannot be sent; the network shows a replacement character.
    clean = content.encode("utf-8", "replace").decode()
    return HTMLResponse(clean, status, headers=HEADERS)


def refused_page(message: str) -> Response:
    return page("Something is wrong", f"<h1>Something is wrong</h1><p>{escaped(message)}</p>", 400)


def redirect_to(address: str) -> Response:
    return RedirectResponse(
        address, 302, headers={"referrer-policy": "no-referrer", "cache-control": "no-store"}
    )


def choices(kind: str, name: str, options: list[tuple[str, str]]) -> str:
    """Render radio buttons or check boxes (`kind`). The first or all of them are chosen; options are (value,
    label).
    """
    lines = []
    for number, (value, label) in enumerate(options):
        chosen = " checked" if kind == "checkbox" or number == 0 else ""
        lines.append(
            f'<label><input type="{kind}" name="{name}" value="{escaped(value)}"{chosen}> {escaped(label)}</label>'
        )
    return "".join(lines)


def consent_page(network: str, question: str, fields: str, wants: list[str]) -> Response:
    """Render the page that asks whether an application may have access."""
    listed = "".join(f"<li>{escaped(scope)}</li>" for scope in wants)
    return page(
        f"Authorise an app · {network}",
        f"<p class=soft>Simulated {escaped(network)}</p><h1>{escaped(question)}</h1>"
        f'<form method="post"><fieldset><legend>Account</legend>{fields}</fieldset>'
        f"<p>It asks for:</p><ul>{listed}</ul>"
        '<button class="yes" name="decision" value="allow">Allow</button><button name="decision" value="deny">Cancel</button></form>',
    )
