"""The free assessment by hand: a question at a time, each looked at or just answered."""

from __future__ import annotations

import re

from service.sandbox.walks import CALM_ANSWERS, Person
from tests.browser.browsing import Browsing

QUESTION = re.compile(r"/assessment/[a-z_]+$")


def begin(window: Browsing, *, looking: bool = True) -> None:
    """To the first question."""
    if looking:
        window.go("/")
        window.see("988")
    window.go("/assessment")
    if looking:
        window.see("Before you start")
    window.press("Start")


def answer(window: Browsing, person: Person, *, looking: bool = True, until: str = "", **changes: str) -> None:
    """Calmly apart from `changes`, from the open question to the summary, an end, or the question `until`."""
    answers = {**CALM_ANSWERS, "zip": person.zip_code, **changes}
    while QUESTION.search(window.path) and not window.path.endswith(("/check", "/result")):
        question = window.path.rpartition("/")[2]
        if question == until:
            return
        if window.page.locator("[name='answer-month']").count():
            born = person.born_on
            window.fill(answer__month=str(born.month), answer__day=str(born.day), answer__year=str(born.year))
        elif window.page.locator("input[name='answer'][type='text']").count():
            window.fill(answer=answers[question])
        elif window.page.locator("select[name='answer']").count():
            window.page.select_option("[name='answer']", answers[question])
        else:
            window.choose("answer", answers[question])
        if looking:
            window.see("Why we ask")
        window.press("Continue")
        if "Get help now" in window.page.locator("main").inner_text():
            return


def send(window: Browsing) -> None:
    """From the summary to the result, where there is a summary: some answers end it before."""
    if window.path.endswith("/check"):
        window.see("Check your answers")
        window.press("Send my answers")
