"""What people meet, in a real Chromium, on a real sandbox. One file, because one worker holds the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from service.sandbox.advance import Mover
from service.sandbox.people import PASSWORD, PATIENTS
from service.sandbox.running import Running
from service.sandbox.walks import Mailbox, Person, path_in
from tests.browser import colleagues
from tests.browser.browsing import DESK, PHONE, SMALLEST
from tests.browser.conftest import Open
from tests.browser.patient import Patient

pytestmark = [pytest.mark.browser, pytest.mark.slow]

import os
LENA = Person("Lena", "Hart" + os.environ.get("XX", ""), "lena" + os.environ.get("XX", "") + "@example.com", PASSWORD, "32801", date(1986, 5, 17))
PAUL = Person("Paul", "Stone", "paul@example.com", PASSWORD, "07302", date(1979, 2, 14))
NOBODY = Person("No", "Body", "nobody@example.com", PASSWORD)


@pytest.fixture(scope="module")
def mailbox(sandbox: Running) -> Mailbox:
    return Mailbox(sandbox.mailbox)


@pytest.fixture(scope="module")
def mover(sandbox: Running) -> Iterator[Mover]:
    mover = Mover(sandbox, lambda _: None)
    yield mover
    mover.close()


def test_somebody_walks_the_whole_way_on_a_phone(open_window: Open, mailbox: Mailbox, mover: Mover) -> None:
    window = open_window("lena")
    lena = Patient(window, LENA)
    lena.assess()
    lena.join(mailbox)
    lena.book()

    maya = open_window("noah", width=DESK)
    colleagues.sign_in(maya, "noah@staff.example")
    colleagues.decide(maya, LENA, "FL", colleagues.clinic_time(mover.now()))
    ines = open_window("ines", width=DESK)
    colleagues.sign_in(ines, "ines@staff.example")
    colleagues.complete(ines, LENA)

    lena.sign_consents()
    lena.pay(mailbox)
    mover.settle()
    mail = mailbox.wait_for(LENA.email, "something to complete")
    lena.check_in(path_in(mail, "^/check-ins/"), [1, 1, 1, 1, 1, 1, 1, 0, 0])
    for path in ("/home", "/check-ins", "/visits", "/consents", "/billing"):
        window.go(path)
        window.see(name=f"member-{path.strip('/')}")
    window.go("/home")
    window.see("Lena", "7", "$250.00", name="home-with-score", widths=(SMALLEST, PHONE, DESK))
    window.press("Sign out")
    window.see("signed out", name="signed-out")
