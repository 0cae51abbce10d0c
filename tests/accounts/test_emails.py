"""The mails about an account say what happened, in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from config.settings import HOUSE, Settings
from service.accounts.emails import email_changed, new_sign_in, security_changed
from service.mail.emails import render


def test_every_change_has_a_sentence_of_its_own(settings: Settings) -> None:
    source = (HOUSE / "templates" / "emails" / "security_change" / "what.txt").read_text()
    codes = [*re.findall(r'^  "(\w+)":', source, re.MULTILINE), "something_else"]
    texts = {
        render(settings, mail.template, mail.facts, given_name="Ana", locale="en").text
        for mail in map(security_changed, codes)
    }
    assert len(codes) >= 12
    assert len(texts) == len(codes)


def test_the_old_address_is_told_to_call_and_offered_no_sign_in(settings: Settings) -> None:
    mail = email_changed()
    told = render(settings, mail.template, mail.facts, given_name="", locale="en")
    assert "Call us now" in told.text
    assert "localhost" not in told.text + told.html, "this address signs in no more"


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [(CHROME, "In: Chrome on Windows."), ("curl on Linux", "In: Linux."), (None, "did not say its name")],
)
def test_a_new_sign_in_is_told_with_its_time_and_browser(settings: Settings, agent: str | None, words: str) -> None:
    at = datetime(2026, 11, 21, 15, 4, tzinfo=UTC)
    mail = new_sign_in(at=at, zone="America/Chicago", agent=agent, locale="en")
    told = render(settings, mail.template, mail.facts, given_name="Ana", locale="en")
    for part in (told.text, told.html):
        assert "November 21, 2026, 9:04 AM Central (CST)" in part
        assert words in part
        assert "Mozilla" not in part
