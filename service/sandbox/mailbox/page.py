"""The page that shows the mails. Written as strings: the sandbox must not lean on the service it helps to judge."""

from __future__ import annotations

import re
from html import escape

from service.sandbox.mailbox.store import Mail

POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
# A mail's own inline styles are what the reader should see, so its frame alone allows them; nothing else runs in it.
# Its links open beside it: the clinic's pages refuse to be framed, and must not inherit the frame's fetters.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

STYLE = """
:root { color-scheme: light; --ink: #1c2733; --soft: #4a5866; --line: #d9d5cb; --page: #f6f4ef; --brand: #0f5c5b; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
header { background: var(--ink); color: #fff; padding: 14px 20px; }
header a { color: #fff; text-decoration: none; font-weight: 600; }
header small { color: #cfd6dd; margin-left: 10px; }
main { max-width: 860px; margin: 0 auto; padding: 20px; }
h1 { font-size: 24px; line-height: 1.25; margin: 8px 0 16px; }
ul { list-style: none; margin: 0; padding: 0; background: #fff; border: 1px solid var(--line); border-radius: 14px; }
li + li { border-top: 1px solid var(--line); }
li a { display: block; padding: 14px 18px; color: inherit; text-decoration: none; }
li a:hover b, li a:focus-visible b { text-decoration: underline; color: var(--brand); }
li span { display: block; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; color: var(--soft);
     font-size: 14px; margin: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 620px; border: 1px solid var(--line); border-radius: 14px; background: #fff;
         margin: 18px 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #fff; border: 1px solid var(--line);
      border-radius: 14px; padding: 18px; font: 14px/1.55 ui-monospace, monospace; }
pre a { color: var(--brand); }
.none { color: var(--soft); }
"""


def framed_page(title: str, body: str, place: str = "Sandbox mailbox") -> str:
    """A whole page of the sandbox around `body`."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>'
        f"{escape(title)} · {escape(place)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/style.css"></head><body>'
        f'<header><a href="/">{escape(place)}</a><small>Nothing here leaves this machine.</small></header>'
        f"<main>{body}</main></body></html>"
    )


def framed(html: str) -> str:
    """A mail's own page, with links that open in a tab of their own."""
    target = '<base target="_blank">'
    changed, times = re.subn(r"(<head[^>]*>)", rf"\1{target}", html, count=1, flags=re.IGNORECASE)
    return changed if times else target + html


def listing(mails: list[Mail]) -> str:
    """All mails, newest first."""
    rows = "".join(
        f'<li><a href="/mail/{escape(mail.id)}"><b>{escape(mail.subject)}</b>'
        f"<span>to {escape(mail.to)} · {escape(mail.date)}</span></a></li>"
        for mail in reversed(mails)
    )
    count = f"{len(mails)} mail{'' if len(mails) == 1 else 's'}"
    return framed_page(
        "Mails", f"<h1>{count}</h1>" + (f"<ul>{rows}</ul>" if rows else '<p class="none">No mail yet.</p>')
    )


def one(mail: Mail) -> str:
    """One mail: who, when, how it looks, and its plain twin with links to follow."""
    text = re.sub(r"(https?://[^\s&]+(?:&amp;[^\s&]+)*)", r'<a href="\1">\1</a>', escape(mail.text))
    copies = f"<dt>Copies</dt><dd>{mail.copies}</dd>" if mail.copies > 1 else ""
    return framed_page(
        mail.subject,
        f"<h1>{escape(mail.subject)}</h1><dl><dt>To</dt><dd>{escape(mail.to)}</dd><dt>From</dt>"
        f"<dd>{escape(mail.sender)}</dd><dt>Date</dt><dd>{escape(mail.date)}</dd>{copies}</dl>"
        f'<iframe title="The mail as it looks" src="/mail/{escape(mail.id)}/html"></iframe><pre>{text}</pre>',
    )
