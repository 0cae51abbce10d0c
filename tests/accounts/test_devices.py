"""Where one is signed in, and how to end it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from service.accounts.models import KnownDevice, SignIn
from service.accounts.rules.devices import browser_words
from service.audit.models import AuditEntry
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id, token_hash
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.0 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (IPHONE, ("Safari", "iPhone")),
        (EDGE, ("Edge", "Windows")),
        ("curl/8.5", ("", "")),
        ("", ("", "")),
        (None, ("", "")),
    ],
)
def test_a_browser_is_named_in_plain_words(agent: str | None, words: tuple[str, str]) -> None:
    assert browser_words(agent) == words


@pytest.fixture
def ana(house: House) -> Person:
    return a_patient()


def signed_in(client: Browser, person: Person, agent: str = FIREFOX, place: str = "203.0.113.9") -> UUID:
    """Another sign-in, in a browser that says who it is."""
    sign_in_id = client.sign_in(person.user_id)
    with db.transaction() as session:
        row = session.get_one(SignIn, sign_in_id)
        row.agent_sealed = crypto.seal(agent, "sign_ins", "agent", sign_in_id)
        row.address_sealed = crypto.seal(place, "sign_ins", "address", sign_in_id)
    return sign_in_id


def known(person: Person, sign_in_id: UUID | None = None) -> UUID:
    """A browser we know, the one of `sign_in_id` where it is given."""
    with db.transaction() as session:
        device = KnownDevice(
            id=new_id(),
            user_id=person.user_id,
            token_hash=token_hash(str(uuid4())),
            first_seen_at=wall_now(),
            seen_at=wall_now(),
            spares_step=True,
        )
        session.add(device)
        session.flush()
        if sign_in_id is not None:
            session.get_one(SignIn, sign_in_id).device_id = device.id
    return device.id


def standing(person: Person) -> set[UUID]:
    with db.reading() as session:
        query = select(SignIn.id).where(SignIn.user_id == person.user_id, SignIn.revoked_at.is_(None))
        return set(session.scalars(query))


def remembered(person: Person) -> set[UUID]:
    with db.reading() as session:
        query = select(KnownDevice.id).where(KnownDevice.user_id == person.user_id, KnownDevice.forgotten_at.is_(None))
        return set(session.scalars(query))


def trail(action: str) -> int:
    with db.reading() as session:
        return len(session.scalars(select(AuditEntry.action).where(AuditEntry.action == action)).all())


def test_every_browser_is_listed_with_its_place_and_this_one_is_marked(client: Browser, ana: Person) -> None:
    signed_in(client, ana, FIREFOX, "198.51.100.7")
    signed_in(client, ana, IPHONE)
    page = client.get("/settings/devices").text
    assert "Firefox on Linux" in page
    assert "198.51.100.7" in page
    assert page.count("This browser") == 1
    assert page.index("Safari on iPhone") < page.index("Firefox on Linux"), "this one comes first"


def test_what_has_ended_is_not_listed(client: Browser, ana: Person) -> None:
    ended = signed_in(client, ana, EDGE)
    idle = signed_in(client, ana, IPHONE)
    signed_in(client, ana)
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == ended).values(revoked_at=wall_now()))
        session.execute(update(SignIn).where(SignIn.id == idle).values(seen_at=wall_now() - timedelta(days=31)))
    page = client.get("/settings/devices").text
    assert "Edge" not in page
    assert "iPhone" not in page


def test_one_sign_in_is_ended_and_twice_is_once(client: Browser, ana: Person) -> None:
    other, here = signed_in(client, ana), signed_in(client, ana)
    for _ in range(2):
        answer = client.submit(f"/settings/devices/{other}/end")
        assert answer.headers["Location"] == "/settings/devices"
    assert standing(ana) == {here}
    assert trail("account.end_sign_in") == 1


def test_ending_this_one_is_signing_out(client: Browser, ana: Person) -> None:
    here = signed_in(client, ana)
    assert client.submit(f"/settings/devices/{here}/end").headers["Location"] == "/signed-out"
    assert client.get("/home").status_code == 303


def test_sign_ins_and_browsers_of_somebody_else_are_not_found(client: Browser, ana: Person) -> None:
    bea = a_patient()
    theirs, device = signed_in(client, bea), known(bea)
    signed_in(client, ana)
    for path in (f"/settings/devices/{theirs}/end", f"/settings/devices/known/{device}/forget"):
        assert client.submit(path).status_code == 404
    for path in (f"/settings/devices/{uuid4()}/end", f"/settings/devices/known/{uuid4()}/forget"):
        assert client.submit(path).status_code == 404, "and look like those of nobody"
    assert standing(bea) == {theirs}
    assert remembered(bea) == {device}


def test_signing_out_everywhere_else_leaves_this_browser_alone(client: Browser, ana: Person) -> None:
    other, here = signed_in(client, ana), signed_in(client, ana)
    known(ana, other)
    mine = known(ana, here)
    bea = a_patient()
    with db.transaction() as session:
        session.add(
            SignIn(
                id=new_id(),
                token_hash=token_hash("bea"),
                user_id=bea.user_id,
                created_at=wall_now(),
                seen_at=wall_now(),
                expires_at=wall_now() + timedelta(hours=12),
            )
        )
    assert client.submit("/settings/devices/end-others").status_code == 303
    assert standing(ana) == {here}
    assert remembered(ana) == {mine}
    assert len(standing(bea)) == 1, "nobody else is touched"
    assert client.get("/settings/devices").status_code == 200


def test_signing_out_everywhere_ends_this_one_too(client: Browser, ana: Person) -> None:
    signed_in(client, ana)
    here = signed_in(client, ana)
    known(ana, here)
    assert client.submit("/settings/devices/end-all").headers["Location"] == "/signed-out"
    assert standing(ana) == set()
    assert remembered(ana) == set()
    assert client.get("/home").headers["Location"].startswith("/sign-in")


def test_a_browser_is_forgotten_and_nobody_is_signed_out_by_it(client: Browser, ana: Person) -> None:
    here = signed_in(client, ana, IPHONE)
    device, other = known(ana, here), known(ana)
    page = client.get("/settings/devices").text
    assert page.count("Safari on iPhone") == 2
    assert "A browser that does not say its name" in page
    for _ in range(2):
        assert client.submit(f"/settings/devices/known/{device}/forget").status_code == 303
    assert remembered(ana) == {other}
    assert standing(ana) == {here}
    assert trail("account.forget_device") == 1
    client.submit("/settings/devices/known/forget-all")
    assert remembered(ana) == set()


def test_without_a_fresh_proof_nothing_is_shown_or_ended(client: Browser, ana: Person) -> None:
    other, here = signed_in(client, ana), signed_in(client, ana)
    device = known(ana)
    with db.transaction() as session:
        session.execute(update(SignIn).values(second_factor_at=wall_now() - timedelta(minutes=11)))
    assert "/prove" in client.get("/settings/devices").headers["Location"]
    for path in (f"{other}/end", "end-others", "end-all", f"known/{device}/forget", "known/forget-all"):
        assert "/prove" in client.submit(f"/settings/devices/{path}").headers["Location"]
    assert standing(ana) == {other, here}
    assert remembered(ana) == {device}


def test_what_a_browser_calls_itself_cannot_write_on_the_page(client: Browser, ana: Person) -> None:
    signed_in(client, ana, "<script>alert(1)</script> Firefox", "<b>here</b>")
    page = client.get("/settings/devices").text
    assert "<script>alert" not in page
    assert "<b>here</b>" not in page


def test_staff_find_theirs_too(client: Browser, house: House) -> None:
    sam = a_staff_member("auditor")
    signed_in(client, sam)
    assert "Firefox on Linux" in client.get("/settings/devices").text


@pytest.mark.parametrize("path", ["end-others", "end-all", "known/forget-all"])
def test_another_site_cannot_send_the_form(client: Browser, ana: Person, path: str) -> None:
    here = signed_in(client, ana)
    assert client.post(f"/settings/devices/{path}").status_code == 400
    assert standing(ana) == {here}
