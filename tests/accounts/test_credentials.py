"""Another password, another e-mail address, by somebody who is signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from service.accounts import queries, writes
from service.accounts.actions import credentials_email
from service.accounts.models import OneTimeLink, SignIn, User
from service.audit.models import AuditEntry
from service.kit import clock, crypto, db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Rejected
from service.kit.passwords import verify_password
from tests.accounts.letters import link, mails
from tests.accounts.steps import later
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member
from tests.factories.statements import counted

NEW = "seven quiet herons"
NEW_EMAIL = "ana.new@example.com"


def opens(person: Person, password: str) -> bool:
    with db.reading() as session:
        return verify_password(session.get_one(User, person.user_id).password_hash, password)


def address(person: Person) -> str:
    with db.reading() as session:
        found = queries.address_of(session, person.user_id)
    assert found is not None
    return found[0]


def standing(person: Person) -> set[object]:
    with db.reading() as session:
        query = select(SignIn.id).where(SignIn.user_id == person.user_id, SignIn.revoked_at.is_(None))
        return set(session.scalars(query))


def trail(action: str) -> list[str]:
    with db.reading() as session:
        query = select(AuditEntry.outcome).where(AuditEntry.action == action).order_by(AuditEntry.at)
        return list(session.scalars(query))


def stale(client: Browser) -> None:
    """The last proof was a while ago."""
    with db.transaction() as session:
        session.execute(update(SignIn).values(second_factor_at=wall_now() - timedelta(minutes=11)))


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    ana = a_patient(email="ana@example.com")
    client.sign_in(ana.user_id)
    return ana


def change(client: Browser, old: str = PASSWORD, new: str = NEW, **more: str) -> int:
    return client.submit("/settings/password", {"old": old, "new": new, **more}).status_code


def test_a_new_password_takes_the_old_one_and_is_mailed(client: Browser, ana: Person) -> None:
    assert change(client, end_others="y") == 303
    assert opens(ana, NEW)
    assert not opens(ana, PASSWORD)
    assert [facts["what"] for _, _, _, facts in mails("security_change")] == ["password_changed"]
    assert trail("account.change_password") == ["done"]
    assert client.get("/settings").status_code == 200, "here one stays signed in"


def token_of(client: Browser) -> str:
    with client.session_transaction(base_url="https://localhost") as session:
        return str(session["_user_id"])


def test_what_one_signs_in_with_has_changed_so_the_token_changes_too(client: Browser, ana: Person) -> None:
    """Whoever copied the cookie before is out; the person stays in."""
    tokens = [token_of(client)]
    assert change(client) == 303
    tokens.append(token_of(client))
    client.submit("/settings/email", {"email": NEW_EMAIL})
    assert client.submit(link("confirm_new_email"), {"password": NEW}).status_code == 303
    assert client.get("/settings").status_code == 200
    tokens.append(token_of(client))
    assert len(set(tokens)) == 3
    for old in tokens[:2]:
        with client.session_transaction(base_url="https://localhost") as session:
            session["_user_id"] = old
        assert "/sign-in" in client.get("/settings").headers["Location"]


def test_another_persons_sign_in_keeps_its_token(client: Browser, ana: Person) -> None:
    client.submit("/settings/email", {"email": NEW_EMAIL})
    ben = a_patient(email="ben@example.com")
    client.sign_in(ben.user_id)
    before = token_of(client)
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 303
    assert token_of(client) == before
    assert client.get("/settings").status_code == 200


def test_other_browsers_are_signed_out_where_the_box_is_ticked(client: Browser, house: House) -> None:
    ana = a_patient()
    elsewhere = client.sign_in(ana.user_id)
    here = client.sign_in(ana.user_id)
    assert 'value="y" checked' in client.get("/settings/password").text
    assert change(client) == 303, "unticked"
    assert standing(ana) == {elsewhere, here}
    assert change(client, NEW, "another long secret", end_others="y") == 303
    assert standing(ana) == {here}


def test_the_wrong_old_password_changes_nothing_and_one_has_to_wait_in_the_end(
    client: Browser, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with later(monkeypatch, seconds=1):  # all at one moment: a wait of seconds must not run out on a slow machine
        statuses = [change(client, old="not it") for _ in range(7)]
        assert statuses[0] == 422
        assert statuses[-1] == 429
        assert opens(ana, PASSWORD)
        assert trail("account.change_password")[0] == "refused"
        assert change(client) == 429, "even the right one waits"
    assert set(trail("account.change_password")) == {"refused"}


@pytest.mark.parametrize("new", ["short", "password1", "ana.rivera", "x7" * 65, PASSWORD, ""])
def test_an_unfit_new_password_is_refused(client: Browser, ana: Person, new: str) -> None:
    assert change(client, new=new) == 422
    assert opens(ana, PASSWORD)


@pytest.mark.parametrize("page", ["password", "email", "address", "phone"])
def test_without_a_fresh_proof_one_is_asked_for_it_first(client: Browser, ana: Person, page: str) -> None:
    stale(client)
    sent = {
        "phone": "305 444 1234",
        "old": PASSWORD,
        "new": NEW,
        "email": NEW_EMAIL,
        "line1": "1 Main St",
        "city": "Miami",
        "zip_code": "33101",
    }
    for answer in (client.get(f"/settings/{page}"), client.submit(f"/settings/{page}", sent)):
        assert answer.status_code == 303
        assert "/prove" in answer.headers["Location"]
    assert opens(ana, PASSWORD)
    assert mails() == []


def ask(client: Browser, email: str = NEW_EMAIL) -> int:
    return client.submit("/settings/email", {"email": email}).status_code


def test_a_new_address_counts_once_it_is_proved_and_both_are_told(client: Browser, ana: Person, house: House) -> None:
    elsewhere = client.sign_in(ana.user_id)
    here = client.sign_in(ana.user_id)
    assert ask(client) == 303
    assert address(ana) == "ana@example.com"
    assert [(name, to) for name, _, to, _ in mails()] == [
        ("confirm_new_email", NEW_EMAIL),
        ("new_email_asked", "ana@example.com"),
    ]
    path = link("confirm_new_email")
    for _ in range(3):
        assert client.get(path).status_code == 200
        client.head(path)
    assert address(ana) == "ana@example.com", "looking changes nothing"
    answer = client.submit(path, {"password": PASSWORD})
    assert answer.headers["Location"] == "/settings"
    assert address(ana) == NEW_EMAIL
    assert standing(ana) == {here}
    assert elsewhere != here
    told = [(user_id, to) for _, user_id, to, facts in mails("security_change") if facts["what"] == "email_changed"]
    assert told == [(ana.user_id, "")]
    assert [(user_id, to) for _, user_id, to, _ in mails("email_changed")] == [(None, "ana@example.com")]
    client.submit("/sign-out")
    answer = client.submit("/sign-in", {"email": NEW_EMAIL, "password": PASSWORD})
    assert answer.status_code == 303
    assert client.submit(path, {"password": PASSWORD}).status_code == 410, "a link works once"


def test_the_link_alone_is_not_enough(client: Browser, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped address is somebody's mailbox."""
    ask(client)
    client.submit("/sign-out")
    answer = client.submit(link("confirm_new_email"), {"password": "a guess of mine"})
    assert answer.status_code == 422
    assert address(ana) == "ana@example.com"
    assert trail("account.change_email") == ["refused"]
    with later(monkeypatch, seconds=1):
        statuses = [client.submit(link("confirm_new_email"), {"password": "a guess"}).status_code for _ in range(8)]
    assert statuses[-1] == 429


def test_an_address_of_somebody_else_is_answered_alike_and_its_owner_is_told(client: Browser, ana: Person) -> None:
    a_patient(email="bea@example.com")
    answers = [client.submit("/settings/email", {"email": email}) for email in (NEW_EMAIL, "bea@example.com")]
    assert [(one.status_code, one.headers["Location"], one.text) for one in answers] == [
        (303, "/settings", answers[0].text)
    ] * 2
    pages = [name for name, *_ in mails()]
    # The two mails of one request leave in one moment, in either order.
    assert sorted(pages[:2]) == ["confirm_new_email", "new_email_asked"]
    assert sorted(pages[2:]) == ["already_registered", "new_email_asked"]
    assert address(ana) == "ana@example.com"


def test_a_taken_and_a_free_address_are_asked_for_with_the_same_statements(
    house: House, engine: Engine, ana: Person
) -> None:
    other, actor, asked = a_patient(), Actor("patient", ana.user_id, patient_id=ana.patient_id), []
    for address in (other.email, "nobody.has.this@example.com"):
        with counted(engine) as statements:
            credentials_email.ask_for_new_email(
                user_id=ana.user_id, email=address, actor=actor, now=house.now, wall_now=wall_now()
            )
        asked.append([text.split()[:3] for text in statements if not text.startswith(("SAVEPOINT", "RELEASE"))])
    assert asked[0] == asked[1]


def test_an_address_that_was_taken_meanwhile_stays_with_whoever_proved_it(client: Browser, ana: Person) -> None:
    ask(client)
    bea = a_patient(email=NEW_EMAIL)
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 410
    assert (address(ana), address(bea)) == ("ana@example.com", NEW_EMAIL)


def test_a_claim_that_was_never_proved_gives_way(client: Browser, ana: Person, house: House) -> None:
    eve = a_patient(email=NEW_EMAIL, confirmed=False)
    with db.transaction() as session:
        writes.send_confirmation(session, user_id=eve.user_id, now=house.now)
    claim = link("confirm_address")
    ask(client)
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 303
    assert address(ana) == NEW_EMAIL
    assert client.submit(claim, {"password": PASSWORD}).status_code in (303, 410, 422)
    assert address(ana) == NEW_EMAIL
    with db.reading() as session:
        assert session.get_one(User, eve.user_id).deactivated_at is not None


def test_the_old_address_can_stop_it(client: Browser, ana: Person) -> None:
    ask(client)
    confirm, stop = link("confirm_new_email"), link("new_email_asked")
    for _ in range(3):
        assert client.get(stop).status_code == 200
    assert client.get(confirm).status_code == 200, "looking stops nothing"
    answer = client.submit(stop)
    assert answer.headers["Location"] == "/forgot-password"
    assert "The change is stopped" in client.get("/forgot-password").text
    assert standing(ana) == set(), "whoever asked is signed out"
    assert client.submit(confirm, {"password": PASSWORD}).status_code == 410
    assert client.submit(stop).status_code == 410
    assert address(ana) == "ana@example.com"
    assert trail("account.stop_new_email") == ["done", "refused"]
    assert trail("account.change_email") == ["refused"], "the link that was stopped"


def test_a_change_under_way_is_seen_sent_again_and_cancelled(client: Browser, ana: Person) -> None:
    assert NEW_EMAIL not in client.get("/settings").text
    ask(client)
    assert "enter your password there" in client.get("/settings").text, "what is still to do"
    assert NEW_EMAIL in client.get("/settings").text
    assert "Send the link again" in client.get("/settings/email").text
    ask(client)
    confirm, stop = link("confirm_new_email"), link("new_email_asked")
    assert client.submit("/settings/email/cancel").headers["Location"] == "/settings"
    assert "The change is cancelled" in client.get("/settings").text
    assert NEW_EMAIL not in client.get("/settings/email").text
    assert client.submit(confirm, {"password": PASSWORD}).status_code == 410
    assert client.get(stop).status_code == 200, "whoever reads the old address may still need it"
    client.submit("/settings/email/cancel")
    assert "Nothing was changed" in client.get("/settings").text
    assert trail("account.stop_new_email") == ["done"]
    assert address(ana) == "ana@example.com"


def test_a_change_is_not_under_way_when_its_hour_is_over(client: Browser, ana: Person) -> None:
    ask(client)
    with db.transaction() as session:
        session.execute(update(OneTimeLink).values(expires_at=wall_now() - timedelta(seconds=1)))
    assert NEW_EMAIL not in client.get("/settings/email").text
    assert NEW_EMAIL not in client.get("/settings").text


def test_nobody_cancels_without_a_fresh_proof(client: Browser, ana: Person) -> None:
    ask(client)
    stale(client)
    assert "/prove" in client.submit("/settings/email/cancel").headers["Location"]
    assert client.get(link("confirm_new_email")).status_code == 200


def test_asking_again_makes_the_first_link_useless_but_no_stop(client: Browser, ana: Person) -> None:
    ask(client, "typo@example.com")
    first, stop = link("confirm_new_email"), link("new_email_asked")
    ask(client)
    assert client.submit(first, {"password": PASSWORD}).status_code == 410
    assert client.submit(stop).status_code == 303
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 410


def test_a_late_link_changes_nothing(client: Browser, ana: Person) -> None:
    ask(client)
    with db.transaction() as session:
        session.execute(update(OneTimeLink).values(expires_at=wall_now() - timedelta(seconds=1)))
    assert client.get(link("confirm_new_email")).status_code == 410
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 410
    assert client.submit(link("new_email_asked")).status_code == 410


def test_somebody_closed_in_between_keeps_the_old_address(client: Browser, ana: Person, house: House) -> None:
    ask(client)
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    assert client.submit(link("confirm_new_email"), {"password": PASSWORD}).status_code == 410


def test_a_new_password_makes_a_pending_change_useless(client: Browser, ana: Person) -> None:
    """Whoever asked may have known the old one."""
    ask(client)
    change(client)
    assert client.submit(link("confirm_new_email"), {"password": NEW}).status_code == 410


@pytest.mark.parametrize(
    "typed", ["", "not an address", "new@example.com\r\nBcc: eve@example.com", "a" * 250 + "@example.com"]
)
def test_what_is_no_address_is_refused(client: Browser, ana: Person, typed: str) -> None:
    assert ask(client, typed) == 422
    assert mails() == []


@pytest.mark.parametrize("typed", ["ana@example.com", " ANA@Example.com ", "ａｎａ@example.com"])
def test_ones_own_address_is_no_change_however_it_is_written(client: Browser, ana: Person, typed: str) -> None:
    assert ask(client, typed) == 422
    assert mails() == []


def test_a_look_alike_is_kept_and_written_to_in_one_form(client: Browser, ana: Person) -> None:
    ask(client, "ａｎａ.ｎｅｗ@example.com")
    assert mails("confirm_new_email")[0][2] == NEW_EMAIL
    client.submit(link("confirm_new_email"), {"password": PASSWORD})
    assert address(ana) == NEW_EMAIL


def test_five_links_a_day_are_enough(client: Browser, ana: Person) -> None:
    assert [ask(client, f"ana{number}@example.com") for number in range(6)] == [303] * 5 + [429]
    assert trail("account.ask_for_new_email") == ["done"] * 5 + ["refused"]


def test_another_persons_link_does_not_move_my_address(client: Browser, ana: Person, house: House) -> None:
    """The password behind the link is that of the link's owner, whoever is signed in here."""
    ask(client)
    sam = a_staff_member("coordinator")
    client.sign_in(sam.user_id)
    client.submit(link("confirm_new_email"), {"password": PASSWORD})
    assert address(sam) == sam.email
    assert address(ana) == NEW_EMAIL
    assert len(standing(sam)) == 1, "and signs out only that owner"


def test_the_wanted_address_is_sealed_and_the_token_only_hashed(client: Browser, ana: Person) -> None:
    ask(client)
    token = link("confirm_new_email").rpartition("/")[2].encode()
    with db.reading() as session:
        rows = session.scalars(select(OneTimeLink).where(OneTimeLink.user_id == ana.user_id)).all()
    for row in rows:
        assert NEW_EMAIL.encode() not in bytes(row.detail_sealed or b"")
        assert token not in bytes(row.token_hash)


def test_a_link_moved_to_another_row_does_not_open(house: House, client: Browser, ana: Person) -> None:
    ask(client)
    bea = a_patient()
    with db.transaction() as session:
        links = session.scalars(select(OneTimeLink).where(OneTimeLink.purpose == "change_email")).all()
        links[0].detail_sealed = crypto.seal_json({"email": "eve@example.com"}, "one_time_links", "detail", bea.user_id)
    token = link("confirm_new_email").rpartition("/")[2]
    with pytest.raises((crypto.Unsealable, Rejected)):
        credentials_email.new_email_link_is_open(token=token, wall_now=clock.wall_now())


@pytest.mark.parametrize("path", ["/settings/password", "/settings/email", "/new-email/x", "/stop-new-email/x"])
def test_another_site_cannot_send_the_form(client: Browser, ana: Person, path: str) -> None:
    assert client.post(path, data={"old": PASSWORD, "new": NEW, "email": NEW_EMAIL}).status_code == 400
