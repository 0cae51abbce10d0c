"""Each change of somebody's place on the team is told in words of its own, and neutrally."""

from __future__ import annotations

import pytest

from config.settings import Settings
from service.accounts import emails
from service.mail.emails import render
from tests.architecture.test_mails import FORBIDDEN

CODES = ("role", "deactivated", "reactivated", "factor_reset", "sign_ins_ended", "owner_made")


def text_of(settings: Settings, code: str) -> str:
    mail = emails.staff_account("Sam", code)
    return render(settings, mail.template, mail.facts, given_name="", locale="en").text


@pytest.mark.parametrize("code", CODES)
def test_a_change_is_told_and_says_nothing_else(settings: Settings, code: str) -> None:
    text = text_of(settings, code)
    assert "Hello Sam," in text
    assert ("https://localhost/sign-in" in text) == (code != "deactivated"), "whoever cannot sign in is not asked to"
    assert not FORBIDDEN.search(text.replace("Homeward Medical Practice", "").replace("Suicide & Crisis Lifeline", ""))


def test_no_two_changes_are_told_alike(settings: Settings) -> None:
    assert len({text_of(settings, code) for code in (*CODES, "something else")}) == len(CODES) + 1
