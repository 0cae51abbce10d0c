"""Nothing typed is lost: forms that come when a sign-in has ended, or before a fresh proof."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from service.accounts.forms import kept as in_kept_words
from service.accounts.models import CareTeamMember, KeptForm, SignIn, User
from service.accounts.queries import display_name
from service.audit.models import AuditEntry
from service.kit import access, db, keeping
from service.kit.clock import wall_now
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member

WHY = "lost_device"
NEW_YORK = "America/New_York"


def away_for(sign_in_id: UUID, minutes: float) -> None:
    """The person behind this sign-in did nothing for so long."""
    moment = wall_now() - timedelta(minutes=minutes)
    with db.transaction() as session:
        session.execute(
            update(SignIn)
            .where(SignIn.id == sign_in_id)
            .values(seen_at=moment, created_at=moment - timedelta(minutes=1), second_factor_at=moment)
        )


def name_of(person: Person) -> str:
    with db.reading() as session:
        return display_name(session, person.user_id)


def rows() -> list[KeptForm]:
    with db.reading() as session:
        return list(session.scalars(select(KeptForm).order_by(KeptForm.id)))


def page_of(answer: Any) -> str:
    """Where the kept form waits, from a redirect to signing in or proving."""
    found = re.search(r"next=(/kept/[0-9a-f-]+)", answer.headers["Location"].replace("%2F", "/"))
    assert found, answer.headers["Location"]
    return found[1]


def sent_from(client: Browser, page: str) -> tuple[str, dict[str, Any]]:
    """The form on a kept page, as a browser would send it: its path and fields, the token among them."""
    text = client.get(page).text
    form = next(form for form in re.findall(r"<form.*?</form>", text, re.DOTALL) if 'name="kept_form"' in form)
    path = html.unescape(re.search(r'action="([^"]+)"', form)[1])  # type: ignore[index]
    fields: dict[str, Any] = {}
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    pairs += re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', form, re.DOTALL)
    for name, value in pairs:
        fields.setdefault(html.unescape(name), []).append(html.unescape(value))
    return path, fields


def an_owner_types(client: Browser, *, away: float) -> tuple[Person, Person, Any]:
    """An owner who writes an invitation for a while, and sends it. Returns (owner, other person, answer)."""
    olive, sam = a_staff_member("owner"), a_staff_member("coordinator")
    sign_in_id = client.sign_in(olive.user_id)
    assert client.get(f"/staff/team/{sam.user_id}/deactivate").status_code == 200
    away_for(sign_in_id, away)
    answer = client.submit(f"/staff/team/{sam.user_id}/deactivate", {"reason": WHY})
    return olive, sam, answer


def deactivated(person: Person) -> bool:
    with db.reading() as session:
        return session.get_one(User, person.user_id).deactivated_at is not None


def test_what_staff_sent_after_16_minutes_waits_for_them_and_is_sent_once(client: Browser, house: House) -> None:
    olive, sam, answer = an_owner_types(client, away=16)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/kept/")
    assert not deactivated(sam)
    page = page_of(answer)
    assert "We kept what you typed" in client.get(answer.headers["Location"]).text
    client.sign_in(olive.user_id)
    text = client.get(page).text
    assert "We kept what you typed" in text
    assert WHY in text
    assert not deactivated(sam), "looking sends nothing"
    path, fields = sent_from(client, page)
    again = client.post(path, data=fields, headers={"Referer": "https://localhost/"})
    assert again.headers["Location"] == f"/staff/team/{sam.user_id}"
    assert deactivated(sam)
    twice = client.post(path, data=fields, headers={"Referer": "https://localhost/"})
    assert twice.status_code == 409
    assert "Nothing was done twice" in twice.text
    assert client.get(page).status_code == 404
    (row,) = rows()
    assert WHY.encode() not in row.fields_sealed
    with db.reading() as session:
        actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "kept_form")))
    assert actions == {"form.keep", "form.send_kept"}


def test_after_12_hours_it_is_kept_too_and_after_days_no_more(client: Browser, house: House) -> None:
    *_, answer = an_owner_types(client, away=13 * 60)
    assert "/kept/" in answer.headers["Location"]
    *_, answer = an_owner_types(client, away=73 * 60)
    assert answer.headers["Location"] == "/sign-in"


def test_somebody_else_who_signs_in_there_finds_nothing(client: Browser, house: House) -> None:
    _, sam, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    path = f"/staff/team/{sam.user_id}/deactivate"
    for stranger in (a_staff_member("owner"), a_patient()):
        client.sign_in(stranger.user_id)
        shown = client.get(page)
        assert shown.status_code == 404
        assert WHY not in shown.text
        assert client.submit(f"{page}/throw-away").status_code == 404
    stranger = a_staff_member("owner")
    client.sign_in(stranger.user_id)
    sent = client.submit(path, {"reason": WHY, "kept_form": page.rsplit("/", 1)[1]})
    assert sent.status_code == 404
    assert not deactivated(sam)


def test_a_visitor_finds_nothing_and_a_forged_id_leads_nowhere(client: Browser, house: House) -> None:
    olive, _, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    fresh = client.application.test_client()
    assert isinstance(fresh, Browser)
    assert "/sign-in" in fresh.get(page).headers["Location"]
    client.sign_in(olive.user_id)
    assert client.get(f"/kept/{uuid4()}").status_code == 404
    for forged in (str(uuid4()), "", "x' OR 1=1", "0" * 400):
        assert client.submit("/session/extend", {"kept_form": forged}).status_code == 404


def test_a_kept_form_goes_only_where_it_was_going(client: Browser, house: House) -> None:
    olive, _, answer = an_owner_types(client, away=16)
    kept_id, other = page_of(answer).rsplit("/", 1)[1], a_staff_member("billing")
    client.sign_in(olive.user_id)
    sent = client.submit(f"/staff/team/{other.user_id}/deactivate", {"reason": WHY, "kept_form": kept_id})
    assert sent.status_code == 404
    assert not deactivated(other)


def test_it_can_be_thrown_away(client: Browser, house: House) -> None:
    olive, sam, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    client.sign_in(olive.user_id)
    path, fields = sent_from(client, page)
    assert client.submit(f"{page}/throw-away").headers["Location"] == "/staff"
    assert client.get(page).status_code == 404
    assert client.submit(f"{page}/throw-away").status_code == 404
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 409
    assert not deactivated(sam)


def test_after_an_hour_it_is_shown_no_more_but_a_page_left_open_still_sends_it(client: Browser, house: House) -> None:
    olive, sam, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    client.sign_in(olive.user_id)
    path, fields = sent_from(client, page)
    with db.transaction() as session:
        session.execute(update(KeptForm).values(expires_at=wall_now()))
    assert client.get(page).status_code == 404
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 303
    assert deactivated(sam)


@pytest.mark.parametrize("end", ["revoked", "closed account", "halfway in", "no such sign-in", "wrong token"])
def test_nothing_is_kept_for_a_sign_in_that_did_not_end_by_itself(client: Browser, house: House, end: str) -> None:
    olive, sam = a_staff_member("owner"), a_staff_member("coordinator")
    sign_in_id = client.sign_in(olive.user_id)
    away_for(sign_in_id, 16)
    with db.transaction() as session:
        row = session.get_one(SignIn, sign_in_id)
        if end == "revoked":
            row.revoked_at = wall_now()
        elif end == "closed account":
            session.get_one(User, olive.user_id).deactivated_at = wall_now()
        elif end == "halfway in":
            row.second_factor_at = None
        elif end == "no such sign-in":
            row.token_hash = b"another"
    data = {"reason": WHY}
    if end == "wrong token":
        data["csrf_token"] = "forged"
    answer = client.submit(f"/staff/team/{sam.user_id}/deactivate", data)
    assert answer.headers["Location"] == "/sign-in"
    assert rows() == []


def test_a_form_from_another_site_is_not_kept(client: Browser, house: House) -> None:
    olive = a_staff_member("owner")
    away_for(client.sign_in(olive.user_id), 16)
    path = "/staff/team/invite"
    client.submit(path, {"name": "x"}, headers={"Referer": "https://evil.example/"})
    client.post(path, data={"name": "x"})
    assert rows() == []


def test_neither_secrets_nor_bare_presses_nor_heaps_are_kept(client: Browser, house: House) -> None:
    olive = a_staff_member("owner")
    away_for(client.sign_in(olive.user_id), 16)
    for data in (
        {"reason": "text", "new_password": "hunter2hunter2"},
        {"reason": "text", "code": "123456"},
        {"reason": " "},
        {},
        {"reason": "x" * (keeping.MOST + 1)},
    ):
        client.submit("/staff/team/invite", data)
    assert rows() == []


def test_nobody_fills_our_disks_with_an_old_cookie(client: Browser, house: House) -> None:
    olive = a_staff_member("owner")
    away_for(client.sign_in(olive.user_id), 16)
    for number in range(25):
        client.submit("/staff/team/invite", {"name": f"Number {number}"})
    assert len(rows()) == 20


def test_a_form_that_needs_a_fresh_proof_waits_for_it(client: Browser, house: House) -> None:
    _, sam, answer = an_owner_types(client, away=11)
    assert answer.status_code == 303
    assert "prove" in answer.headers["Location"]
    page = page_of(answer)
    with db.transaction() as session:
        session.execute(update(SignIn).values(second_factor_at=wall_now()))
    path, fields = sent_from(client, page)
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 303
    assert deactivated(sam)


def test_what_meets_a_no_waits_for_another_try(client: Browser, house: House) -> None:
    """Only what arrived is crossed out: here the page it goes to is, for now, not theirs."""
    olive, sam, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    client.sign_in(olive.user_id)
    path, fields = sent_from(client, page)
    with db.transaction() as session:
        session.execute(update(User).where(User.id == olive.user_id).values(role="auditor"))
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 403
    with db.transaction() as session:
        session.execute(update(User).where(User.id == olive.user_id).values(role="owner"))
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 303
    assert deactivated(sam)


def test_every_line_space_and_tick_comes_back_as_it_was(client: Browser, house: House) -> None:
    olive = a_staff_member("owner")
    sign_in_id = client.sign_in(olive.user_id)
    away_for(sign_in_id, 16)
    typed = {"name": "\n two\r\nlines <b>&amp; 'q\" </textarea>é\u2028", "role": ["owner", "billing"], "empty": ""}
    answer = client.submit("/staff/team/invite?from=here&x=%C3%A9", typed)
    client.sign_in(olive.user_id)
    path, fields = sent_from(client, page_of(answer))
    assert path == "/staff/team/invite?from=here&x=%C3%A9"
    assert fields["name"] == [typed["name"]]
    assert fields["role"] == ["owner", "billing"]
    assert fields["empty"] == [""]
    assert client.post(path, data=fields, headers={"Referer": "https://localhost/"}).status_code == 422
    assert rows()[0].used_at is not None, "it found its way back, and the page it went to asks for more"


def test_no_password_field_of_the_house_has_a_name_that_would_be_kept() -> None:
    import importlib
    import pkgutil

    import service
    from service.kit.fields import Form

    for module in pkgutil.walk_packages(service.__path__, "service."):
        if ".forms" in module.name:
            importlib.import_module(module.name)

    def below(kind: type[Any]) -> set[type[Any]]:
        return {kind} | {deep for sub in kind.__subclasses__() for deep in below(sub)}

    names = {
        name
        for form in below(Form)
        for name in dir(form)
        if getattr(getattr(form, name), "field_class", None).__class__ is type
        and "Password" in getattr(form, name).field_class.__name__
    }
    assert {"password", "old", "new"} <= names, "the search found too little: it no longer fits the code"
    assert {name for name in names if keeping.keepable([(name, "typed"), ("reason", "typed")])} == set()


def test_what_needs_a_proof_after_it_was_kept_waits_there_and_not_twice(client: Browser, house: House) -> None:
    olive, sam, answer = an_owner_types(client, away=16)
    page = page_of(answer)
    sign_in_id = client.sign_in(olive.user_id)
    path, fields = sent_from(client, page)
    for minutes, target in ((11, "/prove-it-is-you"), (16, "/sign-in")):
        away_for(sign_in_id, minutes)
        turned = client.post(path, data=fields, headers={"Referer": "https://localhost/"})
        assert turned.headers["Location"].startswith(target)
        assert page_of(turned) == page
    assert len(rows()) == 1
    assert not deactivated(sam)


def test_what_says_falsely_that_it_was_kept_before_is_kept_by_itself(client: Browser, house: House) -> None:
    """Another's, or one for another page, does not stand in for it: nothing typed is lost."""
    _, _, answer = an_owner_types(client, away=16)
    others = page_of(answer).rsplit("/", 1)[1]
    olive, _, answer = an_owner_types(client, away=16)
    elsewhere = page_of(answer).rsplit("/", 1)[1]
    for number, before in enumerate((others, elsewhere, str(uuid4()), "no id"), 3):
        turned = client.submit("/staff/team/invite", {"name": "Ida Park", "kept_form": before})
        assert page_of(turned).rsplit("/", 1)[1] not in (others, elsewhere, before)
        assert len(rows()) == number
    assert {row.user_id for row in rows()[1:]} == {olive.user_id}


def test_it_says_what_will_happen_to_whom_and_where_that_is(client: Browser, house: House) -> None:
    olive, sam, answer = an_owner_types(client, away=16)
    client.sign_in(olive.user_id)
    text = client.get(page_of(answer)).text
    assert f"Deactivate an account: {name_of(sam)}" in html.unescape(text)
    assert f'href="/staff/team/{sam.user_id}/deactivate"' in text
    assert "A phone, key or laptop was lost or stolen" in text


def test_an_id_of_a_patient_gives_no_name(client: Browser, house: House) -> None:
    billing, ana = a_staff_member("billing"), a_patient()
    away_for(client.sign_in(billing.user_id), 16)
    answer = client.submit(f"/staff/team/{ana.user_id}/deactivate", {"user_id": str(ana.user_id)})
    client.sign_in(billing.user_id)
    page = client.get(page_of(answer))
    assert page.status_code == 200
    assert name_of(ana) not in html.unescape(page.text)


def test_each_form_of_the_house_has_a_name_once_it_is_kept(client: Browser) -> None:
    app = client.application
    nameless = []
    for rule in app.url_map.iter_rules():
        door = access.door_of(app.view_functions[rule.endpoint])
        if "POST" in (rule.methods or ()) and door is not None and door.kind in ("patient", "staff", "signed_in"):
            path = re.sub(r"<int:[^>]+>", "3", re.sub(r"<(uuid:)?[^>:]+>", str(uuid4()), rule.rule))
            if not in_kept_words.place(path) and "prove-it-is-you" not in path:
                nameless.append(rule.rule)
    assert nameless == []


def test_what_nobody_typed_is_worded(house: House, client: Browser) -> None:
    instrument = house.catalog.instruments["phq9"]
    item = instrument.items[2]
    fields = [
        ("instrument", "phq9"),
        ("answer", "2"),
        (f"item-{item.id}", "1"),
        ("slot", f"{uuid4()}_1795266000"),
        ("time_zone", "America/New_York"),
        ("agreed", "y"),
        ("line1", "1 Main St"),
        ("line2", " "),
        ("price_cents", "25000"),
        ("modality", "in_person"),
        ("words_of_mine", "two_words"),
    ]
    said = in_kept_words.in_words(f"/check-ins/{uuid4()}/3?from=check", fields, {"phq9": instrument}, {}, NEW_YORK)
    answers = {option.value: option.label for option in item.options}
    assert said[:2] == [(item.text, answers[2]), (item.text, answers[1])]
    assert [value for _label, value in said[3:]] == ["Eastern", "Yes", "1 Main St", "$250.00", "In person", "two_words"]
    assert said[2] == ("Time", "Sat, Nov 21, 8:00 AM Eastern (EST)")
    odd = [("slot", "_" + "9" * 30), ("answer", "7"), ("price_cents", "x"), ("care_language", "<q>"), ("locale", "")]
    for path in (f"/check-ins/{uuid4()}/0", f"/check-ins/{uuid4()}/99", "/visits/book"):
        shown = in_kept_words.in_words(path, [("instrument", "phq9"), *odd], {"phq9": instrument}, {}, "UTC")
        assert [value for _label, value in shown] == ["_" + "9" * 30, "7", "x", "<q>"]


def test_what_was_typed_about_somebody_elses_patient_waits_for_a_reason(client: Browser, house: House) -> None:
    """Even twice: what was kept before is let in, turned away, and waits on where it was."""
    from tests.enrollment.test_decision import FORM
    from tests.factories.visits import a_clinician, an_applicant, booked

    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    with db.transaction() as session:
        session.execute(update(CareTeamMember).values(until=wall_now()))
    client.sign_in(clinician.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    turned = client.submit(path, FORM)
    assert "break-glass" in turned.headers["Location"]
    page = page_of(turned)
    where, fields = sent_from(client, page)
    assert where == path
    again = client.post(where, data=fields, headers={"Referer": "https://localhost/"})
    assert page_of(again) == page
    assert len(rows()) == 1
    assert sent_from(client, page)[1]["notes"] == [FORM["notes"]]
