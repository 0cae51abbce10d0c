"""The staff pages about money: who may open them, what they say, and that each button does what its page promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from service.accounts.models import SignIn
from service.audit.models import AuditEntry
from service.billing.models import Cancellation, Credit, MembershipNote, Refund
from service.kit import db
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.billing.desk import (
    PAID,
    alerts_of,
    ask,
    at_stripe,
    charge_of,
    dispute_at_stripe,
    mails,
    staff,
    stored,
    trouble,
)
from tests.billing.stand_in import FAILS_LATER
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of
from tests.factories.accounts import a_staff_member

if TYPE_CHECKING:
    from flask import Flask

    from service.billing.gateway import Gateway
    from tests.billing.stand_in import StandIn
    from tests.client import Browser
    from tests.conftest import House
    from tests.factories.visits import Applicant

LIST = "/staff/memberships"


@pytest.fixture
def moving(app: Flask, moving_stripe: StandIn) -> Iterator[StandIn]:
    """A Stripe whose clock may be moved, which the application speaks to."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = moving_stripe.gateway()
    yield moving_stripe
    app.config["GATEWAY"] = before


@pytest.fixture
def paying(app: Flask, house: House, stripe: StandIn) -> Iterator[tuple[Applicant, Gateway]]:
    """A member of the stand-in that the application speaks to."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = stripe.gateway()
    yield a_member(house, stripe)
    app.config["GATEWAY"] = before


def page_of(applicant: Applicant) -> str:
    return f"{LIST}/{row_of(applicant).id}"


def hidden(page: str) -> dict[str, str]:
    """What the page's own form carries."""
    main = page.partition("<main")[2]
    found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', main)
    return {name: value for name, value in found if name != "csrf_token"}


def in_main(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main")[0]))


def test_the_list_has_a_shelf_for_each_way_to_stand(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    assert "No membership needs a look" in client.get(LIST).text
    everybody = client.get(f"{LIST}?show=active").text
    assert "Ana Rivera" in everybody
    assert "Visa ending 4242" in everybody
    assert page_of(applicant) in everybody
    for nobody in ("grace", "stopped", "ending", "skipped", "disputed", "ended"):
        assert "Ana Rivera" not in client.get(f"{LIST}?show={nobody}").text
    assert "Ana Rivera" in client.get(f"{LIST}?show=active&state=FL&plan=monthly").text
    assert "Ana Rivera" not in client.get(f"{LIST}?show=active&state=NJ").text
    assert "Ana Rivera" not in client.get(f"{LIST}?show=active&plan=monthly_plus").text
    assert client.get(f"{LIST}?show=nonsense&state=XX&after=soon&before=never_1").status_code == 200


def test_one_is_found_by_a_whole_address_or_an_id_and_nothing_shorter(
    client: Browser, house: House, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    row, charge = row_of(applicant), charge_of(applicant)
    address = applicant.person.email
    assert row.stripe_subscription_id
    assert row.stripe_customer_id
    for wanted in (
        address,
        address.upper(),
        str(row.id),
        str(row.patient_id),
        row.stripe_subscription_id,
        row.stripe_customer_id,
        charge.stripe_invoice_id,
    ):
        answer = client.submit(f"{LIST}/find", {"wanted": f" {wanted} "})
        assert (answer.status_code, answer.headers.get("Location", "")) == (303, page_of(applicant)), wanted
    for nobody in ("Ana", "ana", address[:-1], str(new_id()), "sub_nobody", "in_", "%", "' OR 1=1", "x" * 300):
        answer = client.submit(f"{LIST}/find", {"wanted": nobody})
        assert answer.status_code == 422, nobody
        assert "Ana Rivera" not in answer.text


def test_looking_is_noted_for_each_patient_shown(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    viewer = a_staff_member("billing").user_id
    client.sign_in(viewer)
    for page in (f"{LIST}?show=active", page_of(applicant)):
        client.get(page)
    with db.reading() as session:
        seen = session.scalars(
            select(AuditEntry.patient_id).where(AuditEntry.actor_id == viewer, AuditEntry.action == "record.view")
        ).all()
    assert seen == [applicant.patient_id] * 2


@pytest.mark.parametrize("role", ["owner", "coordinator", "billing"])
def test_one_page_says_everything_about_the_money_and_nothing_clinical(
    client: Browser, paying: tuple[Applicant, Gateway], role: str
) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member(role).user_id)
    page = client.get(page_of(applicant))
    assert page.status_code == 200
    said = in_main(page.text)
    for words in ("Ana Rivera", "$250.00", "Visa ending 4242", "Charges", "First month", "$250.00 paid", "Notes"):
        assert words in said, words
    for word in ("depression", "ketamine", "PHQ", "hold", "diagnos"):
        assert word.lower() not in said.lower(), word


@pytest.mark.parametrize("role", ["clinician", "auditor"])
def test_others_have_no_business_there(client: Browser, paying: tuple[Applicant, Gateway], role: str) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member(role).user_id)
    for path in (LIST, page_of(applicant), f"{LIST}/waiting", f"{LIST}/disputes", f"{LIST}/failed-payments"):
        assert client.get(path).status_code == 403, path


def test_money_back_goes_through_a_page_that_says_what_will_happen(
    client: Browser, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/charges/{charge_of(applicant).id}/refund"
    assert "Left to give back" in client.get(address).text
    form = {"how": "part", "amount": "$25.50", "reason": "goodwill", "note": ""}
    between = client.submit(address, form)
    assert between.status_code == 200
    assert "Give $25.50 back?" in between.text
    assert stored(Refund) == [], "nothing has happened yet"
    for _ in range(2):
        done = client.submit(f"{address}/give", hidden(between.text), follow_redirects=True)
        assert "Done. The patient is told by e-mail." in done.text
    assert at_stripe(gateway, applicant) == [(2550, "succeeded")]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "Enter an amount in dollars"),
        ("-1", "without a minus sign"),
        ("0", "above zero"),
        ("25,5", "two digits"),
        ("250.01", "At most $250.00"),
        (str(10**12), "more than can be given"),
        ("<script>", "two digits"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_with_words(
    client: Browser, paying: tuple[Applicant, Gateway], amount: str, words: str
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/charges/{charge_of(applicant).id}/refund"
    answer = client.submit(address, {"how": "part", "amount": amount, "reason": "goodwill", "note": ""})
    assert answer.status_code == 422
    assert words in in_main(answer.text)
    assert at_stripe(gateway, applicant) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"cents": "0"},
        {"cents": "-100"},
        {"cents": "25001"},
        {"cents": "99999999999999999999"},
        {"cents": "x"},
        {"left_cents": "1"},
        {"reason": "because"},
        {"lines": "nonsense"},
        {"lines": f"{new_id()}=100"},
        {"note": "x" * 5000},
    ],
)
def test_a_forged_second_page_gives_nothing(
    client: Browser, paying: tuple[Applicant, Gateway], forged: dict[str, str]
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/charges/{charge_of(applicant).id}/refund/give"
    sent = {"cents": "100", "left_cents": str(PAID), "reason": "goodwill", "note": "", "lines": ""} | forged
    assert client.submit(address, sent).status_code in (303, 422)
    assert at_stripe(gateway, applicant) == []


def test_what_a_coordinator_asks_waits_in_a_list_where_a_second_person_says_yes(
    client: Browser, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("coordinator").user_id)
    address = f"{page_of(applicant)}/charges/{charge_of(applicant).id}/refund"
    between = client.submit(address, {"how": "all", "amount": "", "reason": "other", "note": "Billed by mistake."})
    assert "a second person decides" in between.text
    client.submit(f"{address}/give", hidden(between.text))
    assert "You asked for it" in client.get(f"{LIST}/waiting").text
    (row,) = stored(Refund)
    decide = f"{LIST}/waiting/refunds/{row.id}"
    assert client.get(decide).status_code == 403
    client.sign_in(a_staff_member("billing").user_id)
    assert "Refund of $250.00" in client.get(f"{LIST}/waiting").text
    assert "Billed by mistake." in client.get(decide).text
    said = client.submit(f"{decide}/approve", follow_redirects=True)
    assert "Nothing waits for a second person." in said.text
    assert at_stripe(gateway, applicant) == [(PAID, "succeeded")]
    again = client.submit(f"{decide}/approve", follow_redirects=True)
    assert "Somebody has decided about this already." in again.text
    assert at_stripe(gateway, applicant) == [(PAID, "succeeded")]


def test_whoever_asked_finds_no_button_and_no_way_around(
    client: Browser, house: House, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    me = staff("owner")
    waits = ask(house, gateway, applicant, 20000, actor=me)
    assert me.user_id
    client.sign_in(me.user_id)
    decide = f"{LIST}/waiting/refunds/{waits.refund_id}"
    assert "You asked for this yourself" in client.get(decide).text
    assert "Yes, give it" not in client.get(decide).text
    assert client.submit(f"{decide}/approve").status_code == 403
    assert at_stripe(gateway, applicant) == []


def test_credit_is_given_once_and_comes_off_the_next_charge(client: Browser, house: House, moving: StandIn) -> None:
    applicant, gateway = a_member(house, moving)
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/credit"
    form = {"kind": "credit", "amount": "40.00", "months": "", "reason": "mistake", "note": ""}
    between = client.submit(address, form)
    assert "Give $40.00 of credit?" in between.text
    for _ in range(2):
        client.submit(address, hidden(between.text))
    assert [one.status for one in stored(Credit)] == ["done"]
    pass_time(house, moving, gateway, charge_at(applicant) + timedelta(hours=2))
    assert charge_of(applicant).amount_paid_cents == PAID - 4000
    assert charge_of(applicant).credit_used_cents == 4000
    assert mails(applicant, "credit_given") == 1


def test_months_that_are_given_cost_nothing_and_need_two(client: Browser, house: House, moving: StandIn) -> None:
    applicant, gateway = a_member(house, moving)
    pass_time(house, moving, gateway, house.now + timedelta(hours=1))
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/credit"
    between = client.submit(address, {"kind": "comp", "amount": "", "months": "1", "reason": "goodwill", "note": ""})
    assert "$250.00" in between.text
    client.submit(address, hidden(between.text))
    (asked,) = stored(Credit)
    assert asked.status == "asked"
    client.sign_in(a_staff_member("owner").user_id)
    client.submit(f"{LIST}/waiting/credits/{asked.id}/approve")
    assert stored(Credit)[0].status == "done"
    due = charge_at(applicant)
    pass_time(house, moving, gateway, due + timedelta(hours=2))
    assert row_of(applicant).status == "active"
    assert charge_of(applicant).issued_at < due, "the month that was given was not charged"
    pass_time(house, moving, gateway, charge_at(applicant) + timedelta(hours=2))
    assert charge_of(applicant).amount_paid_cents == PAID


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"kind": "credit", "amount": "1000.01"}, "at most $1,000.00"),
        ({"kind": "comp", "months": "13"}, "from 1 to 12"),
        ({"kind": "comp", "months": "0"}, "from 1 to 12"),
        ({"kind": "comp", "months": "-1"}, "from 1 to 12"),
        ({"kind": "comp", "months": "1.5"}, "from 1 to 12"),
        ({"kind": "credit", "amount": "25", "reason": "other"}, "Say which reason"),
        ({"kind": "both", "amount": "25"}, "Choose one"),
    ],
)
def test_what_cannot_be_given_is_refused_with_words(
    client: Browser, paying: tuple[Applicant, Gateway], form: dict[str, str], words: str
) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    sent = {"amount": "", "months": "", "reason": "goodwill", "note": ""} | form
    answer = client.submit(f"{page_of(applicant)}/credit", sent)
    assert answer.status_code == 422
    assert words.lower() in in_main(answer.text).lower()
    assert stored(Credit) == []


def test_a_note_is_sealed_kept_and_never_changed(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("coordinator").user_id)
    address = f"{page_of(applicant)}/notes"
    assert client.submit(address, {"text": "  "}).status_code == 422
    assert client.submit(address, {"text": "Pays with a <b>new</b> card from May."}).status_code == 303
    assert "Pays with a &lt;b&gt;new&lt;/b&gt; card from May." in client.get(page_of(applicant)).text
    from sqlalchemy.exc import ProgrammingError

    with db.reading() as session:
        row = session.scalars(select(MembershipNote)).one()
    assert b"new" not in row.body_sealed
    with pytest.raises(ProgrammingError, match="permission denied"), db.transaction() as session:
        session.execute(update(MembershipNote).values(body_sealed=b"x"))


def test_a_failed_payment_is_listed_told_again_once_a_day_and_dropped(
    client: Browser, house: House, moving: StandIn
) -> None:
    applicant, gateway = a_member(house, moving, FAILS_LATER)
    pass_time(house, moving, gateway, charge_at(applicant) + timedelta(hours=2))
    assert row_of(applicant).status == "grace"
    client.sign_in(a_staff_member("billing").user_id)
    listed = in_main(client.get(f"{LIST}/failed-payments").text)
    assert "Ana Rivera" in listed
    assert "$250.00" in listed
    assert "1 mail" in listed
    tell = f"{page_of(applicant)}/tell-again"
    lately = in_main(client.submit(tell, follow_redirects=True).text)
    assert "Good to know They were told a short while ago" in lately, "nothing was done, so it does not say Done"
    house.at(house.now + timedelta(hours=25))
    assert "They are told again" in client.submit(tell, follow_redirects=True).text
    assert "told a short while ago" in client.submit(tell, follow_redirects=True).text
    assert mails(applicant, "payment_problem") == 2
    drop = client.get(f"{page_of(applicant)}/drop-charge").text
    address = re.search(r'action="([^"]+/drop-charge/[^"]+)"', drop)
    assert address
    assert client.submit(address[1], {"why": ""}).status_code == 422
    for _ in range(2):
        client.submit(address[1], {"why": "They lost their card and we waive this month."})
    assert mails(applicant, "charge_dropped") == 1
    deliver(house, gateway, *moving.messages())
    assert row_of(applicant).status == "grace", "at Stripe only a paid month makes it active again"
    assert "Dropped" in client.get(f"{LIST}/failed-payments").text
    assert "is open any more" in client.submit(address[1], {"why": "Again."}, follow_redirects=True).text
    moving.move_to(charge_at(applicant) - timedelta(days=2))
    with db.reading() as session:
        from service.billing.models import Invoice

        statuses = session.scalars(select(Invoice.status).where(Invoice.membership_id == row_of(applicant).id)).all()
    assert sorted(statuses) == ["paid", "void"], "nobody tries it again"


def happened(client: Browser, applicant: Applicant) -> str:
    """The list of what happened, as somebody reads it."""
    return in_main(client.get(page_of(applicant)).text).partition("What happened")[2]


def test_what_happened_says_each_try_that_failed_and_when_the_charge_was_dropped(
    client: Browser, house: House, moving: StandIn
) -> None:
    applicant, gateway = a_member(house, moving, FAILS_LATER)
    client.sign_in(a_staff_member("billing").user_id)
    assert "failed" not in happened(client, applicant)
    first_try = charge_at(applicant)
    pass_time(house, moving, gateway, first_try + timedelta(hours=2))
    while row_of(applicant).status == "grace" and mails(applicant, "payment_problem") < 2:
        pass_time(house, moving, gateway, house.now + timedelta(days=1))
    story = happened(client, applicant)
    assert story.index("$250.00 failed (try 2)") < story.index("$250.00 failed (try 1)") < story.index("$250.00 paid")
    drop = client.get(f"{page_of(applicant)}/drop-charge").text
    address = re.search(r'action="([^"]+/drop-charge/[^"]+)"', drop)
    assert address
    client.submit(address[1], {"why": "They lost their card and we waive this month."})
    story = happened(client, applicant)
    assert story.index("A charge of $250.00 was dropped") < story.index("$250.00 failed (try 2)")


def test_a_charge_that_failed_and_was_told_to_nobody_is_in_the_story_once(
    client: Browser, house: House, moving: StandIn
) -> None:
    applicant, _gateway = a_member(house, moving)
    with db.transaction() as session:
        from service.billing.models import Invoice

        session.execute(update(Invoice).where(Invoice.membership_id == row_of(applicant).id).values(attempts=2))
    client.sign_in(a_staff_member("billing").user_id)
    story = happened(client, applicant)
    assert story.count("A charge of $250.00 failed") == 1


def test_a_coordinator_cannot_drop_a_charge(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("coordinator").user_id)
    assert client.get(f"{page_of(applicant)}/drop-charge").status_code == 403


def test_a_dispute_has_a_page_with_what_to_do_and_by_when(
    client: Browser, house: House, stripe: StandIn, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    deliver(house, gateway, *stripe.messages())
    client.sign_in(a_staff_member("billing").user_id)
    assert "Disputed" in client.get(f"{LIST}?show=disputed").text
    listed = client.get(f"{LIST}/disputes").text
    address = re.search(r'href="(/staff/memberships/disputes/[^"]+)"', listed)
    assert address
    said = in_main(client.get(address[1]).text)
    assert "Answer by" in said
    assert "Nothing about anybody's health goes out" in said
    page = client.get(page_of(applicant)).text
    assert "Give money back" not in page
    assert "nothing can be given back" in page


@pytest.mark.parametrize("role", ["billing", "coordinator"])
def test_staff_end_it_for_a_patient_with_the_paid_month(
    client: Browser, house: House, paying: tuple[Applicant, Gateway], role: str
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member(role).user_id)
    address = f"{page_of(applicant)}/end"
    assert client.submit(address, {"when": "period_end", "delivered": "this_month", "why": ""}).status_code == 422
    sent = {"when": "period_end", "delivered": "this_month", "why": "Called and asked."}
    for _ in range(2):
        client.submit(address, sent)
    row = row_of(applicant)
    assert (row.status, row.cancels_at_period_end) == ("active", True)
    assert mails(applicant, "membership_ending") == 1
    with db.reading() as session:
        (told,) = session.scalars(select(Cancellation)).all()
    assert told.asked_by == "staff"
    assert at_stripe(gateway, applicant) == []
    assert alerts_of("LEAVING") == 1, "care is told, as when a patient leaves by themselves"


def test_staff_end_it_at_once_and_the_policy_says_what_goes_back(
    client: Browser, house: House, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/end"
    assert "Gives back $250.00" in client.get(address).text
    sent = {"when": "now", "delivered": "nothing_yet", "why": "Called and asked."}
    for _ in range(2):
        client.submit(address, sent)
    assert row_of(applicant).status == "ended"
    assert at_stripe(gateway, applicant) == [(PAID, "succeeded")]
    assert mails(applicant, "membership_ended") == 1
    assert mails(applicant, "refund_sent") == 1


def test_staff_pause_it_and_the_patient_is_told(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    for _ in range(2):
        client.submit(f"{page_of(applicant)}/pause", {"why": "They are away for a while."})
    assert row_of(applicant).status == "stopped"
    assert mails(applicant, "membership_stopped") == 1
    assert "They are away for a while." in client.get(page_of(applicant)).text


def test_a_charge_that_failed_is_not_tried_again_while_charges_are_paused(
    client: Browser, house: House, moving: StandIn
) -> None:
    applicant, gateway = a_member(house, moving, FAILS_LATER)
    pass_time(house, moving, gateway, charge_at(applicant) + timedelta(hours=2))
    assert row_of(applicant).status == "grace"
    client.sign_in(a_staff_member("billing").user_id)
    address = f"{page_of(applicant)}/pause"
    assert "The charge that failed is dropped" in client.get(address).text
    client.submit(address, {"why": "They are in hospital."})
    assert row_of(applicant).status == "stopped"
    assert [one.status for one in gateway.list_invoices(row_of(applicant).stripe_subscription_id or "")] == [
        "void",
        "paid",
    ]


def test_a_pause_without_an_answer_yet_is_noted_once(
    client: Browser, paying: tuple[Applicant, Gateway], stripe: StandIn
) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    trouble(stripe, kind="timeout", count=9, method="POST", path="/v1/subscriptions")
    for _ in range(2):
        client.submit(f"{page_of(applicant)}/pause", {"why": "They are away for a while."})
    with db.reading() as session:
        assert len(session.scalars(select(MembershipNote)).all()) == 1
    assert mails(applicant, "membership_stopped") == 1


def test_the_page_in_between_knows_of_small_pieces(
    client: Browser, house: House, paying: tuple[Applicant, Gateway]
) -> None:
    applicant, gateway = paying
    me = staff()
    assert me.user_id
    assert ask(house, gateway, applicant, 9000, actor=me).came == "sent"
    client.sign_in(me.user_id)
    address = f"{page_of(applicant)}/charges/{charge_of(applicant).id}/refund"
    between = client.submit(address, {"how": "part", "amount": "20", "reason": "goodwill", "note": ""})
    assert "Ask a second person" in between.text
    form = {"kind": "credit", "amount": "90", "months": "", "reason": "mistake", "note": ""}
    between = client.submit(f"{page_of(applicant)}/credit", form)
    assert "Ask a second person" not in between.text
    client.submit(f"{page_of(applicant)}/credit", hidden(between.text))
    assert "Ask a second person" in client.submit(f"{page_of(applicant)}/credit", form).text


def test_an_endless_number_of_months_is_refused_with_words(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, _gateway = paying
    client.sign_in(a_staff_member("billing").user_id)
    form = {"kind": "comp", "amount": "", "months": "000001" + "9" * 5000, "reason": "mistake", "note": ""}
    answer = client.submit(f"{page_of(applicant)}/credit", form)
    assert answer.status_code == 422
    assert "Enter a whole number from 1 to 12" in answer.text


def test_whoever_waits_longest_is_never_beyond_the_list(
    client: Browser, house: House, paying: tuple[Applicant, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant, gateway = paying
    monkeypatch.setattr("service.billing.queries.desk.waiting.MOST", 1)
    me = staff("coordinator")
    first = ask(house, gateway, applicant, 100, actor=me)
    house.at(house.now + timedelta(hours=1))
    second = ask(house, gateway, applicant, 200, actor=me)
    client.sign_in(a_staff_member("billing").user_id)
    listed = client.get(f"{LIST}/waiting").text
    assert str(first.refund_id) in listed
    assert str(second.refund_id) not in listed
    beyond = client.get(f"{LIST}/waiting/refunds/{second.refund_id}")
    assert "Give $2.00 back?" in beyond.text


def test_moving_money_takes_a_fresh_proof(client: Browser, paying: tuple[Applicant, Gateway]) -> None:
    applicant, gateway = paying
    client.sign_in(a_staff_member("owner").user_id)
    with db.transaction() as session:
        session.execute(update(SignIn).values(second_factor_at=wall_now() - timedelta(minutes=11)))
    one, charge = page_of(applicant), charge_of(applicant).id
    for path in (f"{one}/charges/{charge}/refund", f"{one}/credit", f"{one}/end", f"{one}/pause", f"{one}/drop-charge"):
        assert client.get(path).headers.get("Location", "").startswith("/prove-it-is-you"), path
    for path in (f"{one}/charges/{charge}/refund/give", f"{one}/credit", f"{one}/end", f"{one}/pause", f"{one}/notes"):
        assert client.submit(path).headers.get("Location", "").startswith("/prove-it-is-you"), path
    assert at_stripe(gateway, applicant) == []
    assert row_of(applicant).status == "active"
