"""What every page of the stand-in shares: a frame, a notice, test cards as buttons. No script anywhere."""

from __future__ import annotations

import string
from dataclasses import dataclass
from html import escape
from pathlib import Path

from service.sandbox.stripe import cards

HERE = Path(__file__).parent
#: What a card will do once it was saved without a payment, where that is not what it does when it pays.
SAVED = {
    cards.WORKS: "Payments with it succeed.",
    cards.FAILS_LATER: "It is saved, and declined when it is charged.",
    cards.DISPUTED: "Payments with it succeed, and the bank takes the money back.",
}
FRAME = string.Template((HERE / "checkout_page.html").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Page:
    """HTML, or where to go instead."""

    status: int
    html: str = ""
    location: str = ""


def stylesheet() -> str:
    """The pages' one stylesheet."""
    return (HERE / "checkout_page.css").read_text(encoding="utf-8")


def page(status: int, title: str, body: str) -> Page:
    """A page; the title is escaped here, the body is HTML already."""
    return Page(status, FRAME.substitute(title=escape(title), body=body))


def notice(status: int, title: str, words: str, more: str = "") -> Page:
    """A page that only says something."""
    return page(status, title, f"<h1>{escape(title)}</h1><p>{escape(words)}</p>{more}")


def back(url: str | None, words: str = "Back without paying") -> str:
    """A link to where the payer came from."""
    # An address from the API is still only followed when it is one a browser opens as a page.
    safe = str(url or "").startswith(("http://", "https://"))
    return f'<p class="back"><a href="{escape(str(url))}">{escape(words)}</a></p>' if safe else ""


def alert(problem: str) -> str:
    """A problem, said first on the page."""
    return f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""


def choice(action: str, *, saves: bool = False) -> str:
    """The form with a button for each test card, to pay with or only to save."""
    buttons = ""
    for number, label, which, what in cards.OFFERED:
        words, small = (f"Save the {which}", SAVED.get(number, what)) if saves else (label, f"{which}. {what}")
        first = " first" if number == cards.WORKS else ""
        buttons += f'<button class="card{first}" name="card" value="{number}">'
        buttons += f"<span>{escape(words)}</span> <small>{escape(small)}</small></button>"
    return f'<form method="post" action="{action}"><h2>Choose a test card</h2>{buttons}</form>'


def approval(action: str, asked: str) -> Page:
    """The bank's own question, in the place of 3-D Secure."""
    body = (
        f"<h1>Your bank asks: is it you?</h1><p>{escape(asked)} This stands in for 3-D Secure.</p>"
        f'<form method="post" action="{action}">'
        '<button class="card first" name="outcome" value="approve"><span>Approve the payment</span></button>'
        '<button class="card" name="outcome" value="fail"><span>Do not approve</span></button></form>'
    )
    return page(200, "Approve the payment", body)


def dollars(cents: int) -> str:
    """$250.00."""
    return f"${cents / 100:,.2f}"
