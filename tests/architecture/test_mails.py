"""Every mail can be written, is neutral, and leads home."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from config.settings import HOUSE, Settings
from service.mail import emails

# domain.md 8: what a lock screen must never show.
FORBIDDEN = re.compile(
    r"ketamine|\bocd\b|depress|anxiet|anxious|ptsd|trauma|\bpain\b|phq|gad-?7|\bpeg\b|pcl|suicid|self-harm|"
    r"\bdose|medicat|psych|mental|symptom|diagnos|\bscore|\bmg\b|therap|treatment|prescri|clinic\b|drug",
    re.IGNORECASE,
)
NAMES = sorted(path.name for path in (HOUSE / "templates" / "emails").iterdir() if not path.name.startswith("_"))


def facts_of(name: str) -> dict[str, object]:
    """What the template reads, filled with sample values by the kind of name."""
    from jinja2 import Environment, meta

    environment = Environment(extensions=["jinja2.ext.i18n"])
    wanted: set[str] = set()
    for part in PARTS:
        source = (HOUSE / "templates" / "emails" / name / part).read_text()
        wanted |= meta.find_undeclared_variables(environment.parse(source))
    samples: dict[str, object] = {}
    for word in wanted - {"brand", "url", "given_name", "locale", "_", "gettext", "ngettext"}:
        if "path" in word:
            samples[word] = "/sign-in"
        elif "cents" in word or word in ("amount", "hours", "days", "count", "level", "minutes", "months"):
            samples[word] = 25000
        else:
            samples[word] = "Tuesday, November 24"
    return samples


PARTS = ("subject.txt", "body.txt", "body.html")


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_can_be_written_and_says_nothing_about_health(settings: Settings, app: Flask, name: str) -> None:
    mail = emails.render(settings, name, facts_of(name), given_name="Ana", locale="en")
    assert 3 <= len(mail.subject) <= 78
    for part in (mail.subject, mail.text, mail.html):
        allowed = part.replace("Homeward Medical Practice", "").replace("Suicide & Crisis Lifeline", "")
        found = FORBIDDEN.search(allowed)
        assert found is None, f"{name}: {found}"
    assert "911" in mail.text
    assert "988" in mail.text
    assert "<style" not in mail.html
    assert not re.search(r'(?:src|background)="', mail.html), "no pictures, nothing that tracks"
    adapter = app.url_map.bind("localhost")
    for link in re.findall(r"https://localhost(/[^\s\"<?]*)", mail.text + mail.html):
        assert adapter.test(link.rstrip("."), "GET"), f"{name}: {link} leads nowhere"


@pytest.mark.parametrize("name", NAMES)
def test_both_texts_of_a_mail_carry_the_same_links(settings: Settings, name: str) -> None:
    mail = emails.render(settings, name, facts_of(name), given_name="Ana", locale="en")
    links = [set(re.findall(r"https://localhost/[^\s\"<]*", part)) for part in (mail.text, mail.html)]
    assert links[0] == links[1]


@pytest.mark.parametrize("name", NAMES)
def test_no_branch_of_a_mail_says_anything_about_health(name: str) -> None:
    """What is rendered above is one branch of each; what somebody else gets stands in the source."""
    for path in sorted((HOUSE / "templates" / "emails" / name).iterdir()):
        found = FORBIDDEN.search(path.read_text())
        assert found is None, f"{name}/{path.name}: {found}"
