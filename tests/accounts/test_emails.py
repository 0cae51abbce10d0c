"""The mails about an account say what happened, in words."""

from __future__ import annotations

import re

from config.settings import HOUSE, Settings
from service.accounts.emails import security_changed
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
