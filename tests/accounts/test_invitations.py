"""A place on the team: offered, mailed, accepted once; and the first owner, from the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from service.accounts.models import Invitation, OneTimeLink, SignIn, User
from service.accounts.queries import user_by_email
from service.audit.models import AuditEntry
from service.kit import db, process
from service.kit.clock import wall_now
from tests.accounts.test_team import letters
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, a_patient, a_staff_member

IDA = {"name": "Ida Park", "email": "ida@staff.example", "role": "clinician"}
CHOSEN = {"name": "Ida Park", "password": "copper lantern by the canal"}


@pytest.fixture
def owner(client: Browser, house: House) -> Browser:
    """An owner's browser."""
    client.sign_in(a_staff_member("owner", name=("Olive", "Grant")).user_id)
    return client


def another(client: Browser) -> Browser:
    """A browser of somebody else."""
    made = client.application.test_client()
    assert isinstance(made, Browser)
    return made


def invite(client: Browser, **changes: str) -> Any:
    return client.submit("/staff/team/invite", {**IDA, **changes})


def newest_path() -> str:
    return str(letters("staff_invitation")[-1][1]["path"])


def rows() -> list[Invitation]:
    with db.reading() as session:
        return list(session.scalars(select(Invitation).order_by(Invitation.created_at, Invitation.id)))


def account(email: str) -> User | None:
    with db.reading() as session:
        return user_by_email(session, email)


def test_whoever_is_invited_chooses_a_password_and_meets_the_second_step_first(owner: Browser) -> None:
    assert invite(owner).headers["Location"] == "/staff/team"
    ((address, facts),) = letters("staff_invitation")
    assert (address, facts["name"]) == ("ida@staff.example", "Ida")
    ida, path = another(owner), facts["path"]
    page = ida.get(path)
    assert page.status_code == 200
    assert "ida@staff.example" in page.text
    assert account("ida@staff.example") is None, "opening the link makes nothing"
    answer = ida.submit(path, CHOSEN)
    assert answer.status_code == 303
    assert "/second-" in answer.headers["Location"]
    made = account("ida@staff.example")
    assert made is not None
    assert (made.kind, made.role, made.totp_sealed) == ("staff", "clinician", None)
    for room in ("/staff", "/staff/queue", "/home", "/staff/team"):
        turned = ida.get(room)
        assert turned.status_code in (303, 403), room
        assert turned.headers.get("Location", "").startswith("/settings/second-step/start"), (
            "no page before the second step"
        )
    listed = owner.get("/staff/team").text
    assert "Ida Park" in listed
    assert "Nobody is waiting to join" in listed


def test_a_link_works_once(owner: Browser) -> None:
    invite(owner)
    path = newest_path()
    assert another(owner).submit(path, CHOSEN).status_code == 303
    late = another(owner)
    assert late.get(path).status_code == 410
    answer = late.submit(path, {"name": "Mallory", "password": "another good long secret"})
    assert answer.status_code == 410
    assert late.get("/staff").headers["Location"].startswith("/sign-in")
    with db.reading() as session:
        assert len(session.scalars(select(User).where(User.role == "clinician")).all()) == 1


def test_a_link_is_not_accepted_late_withdrawn_or_once_a_newer_one_was_sent(owner: Browser) -> None:
    invite(owner)
    first = newest_path()
    (row,) = rows()
    assert owner.submit(f"/staff/team/invitations/{row.id}/again").status_code == 303
    second = newest_path()
    assert first != second
    assert another(owner).submit(first, CHOSEN).status_code == 410
    with db.transaction() as session:
        session.execute(update(Invitation).values(expires_at=wall_now()))
    assert another(owner).submit(second, CHOSEN).status_code == 410
    assert "Ran out" in owner.get("/staff/team").text
    assert owner.submit(f"/staff/team/invitations/{row.id}/again").status_code == 303
    third = newest_path()
    assert another(owner).get(third).status_code == 200
    assert owner.submit(f"/staff/team/invitations/{row.id}/withdraw").status_code == 303
    assert another(owner).submit(third, CHOSEN).status_code == 410
    for press in ("again", "withdraw"):
        assert owner.submit(f"/staff/team/invitations/{row.id}/{press}").status_code == 404
    assert account("ida@staff.example") is None


@pytest.mark.parametrize("token", ["nobody-has-this", "..%2f..", "x" * 3000, "%00", "\u202e"])
def test_a_made_up_token_is_a_kind_page(client: Browser, house: House, token: str) -> None:
    assert client.get(f"/invitation/{token}").status_code in (404, 410, 422)
    assert client.submit(f"/invitation/{token}", CHOSEN).status_code in (404, 410, 422)


def test_two_links_swapped_make_each_the_account_of_its_own_address(owner: Browser) -> None:
    invite(owner)
    ida = newest_path()
    invite(owner, name="Bo Lind", email="bo@staff.example", role="billing")
    bo = newest_path()
    fields = {**CHOSEN, "email": "bo@staff.example", "role": "owner", "kind": "patient"}
    assert another(owner).submit(ida, fields).status_code == 303
    made = account("ida@staff.example")
    assert made is not None
    assert made.role == "clinician", "what the form does not have changes nothing"
    assert account("bo@staff.example") is None
    assert another(owner).get(bo).status_code == 200


@pytest.mark.parametrize("password", ["", "short", "password1", "ida park ida", "x" * 200])
def test_a_bad_password_is_told_why_and_the_link_still_works(owner: Browser, password: str) -> None:
    invite(owner)
    path = newest_path()
    answer = another(owner).submit(path, {"name": "Ida Park", "password": password})
    assert answer.status_code == 422
    if password:
        assert f'value="{password}"' not in answer.text
    assert account("ida@staff.example") is None
    assert another(owner).submit(path, CHOSEN).status_code == 303


def test_accepting_ends_whatever_sign_in_the_browser_had(owner: Browser) -> None:
    invite(owner)
    path = newest_path()
    shared = another(owner)
    before = shared.sign_in(a_patient().user_id)
    with shared.session_transaction(base_url="https://localhost") as session:
        session["planted"] = "by a stranger"
    assert shared.submit(path, CHOSEN).status_code == 303
    with shared.session_transaction(base_url="https://localhost") as session:
        assert "planted" not in session
    with db.reading() as session_:
        assert session_.get_one(SignIn, before).revoked_at is not None


def test_an_address_that_a_patient_uses_looks_like_any_other_to_the_owner(owner: Browser) -> None:
    ana = a_patient(email="ana@example.com")
    seen = {}
    for email in ("nobody@example.com", "ana@example.com"):
        answer = invite(owner, email=email)
        listed = owner.get("/staff/team").text
        again = invite(owner, email=email)
        seen[email] = (answer.status_code, answer.headers["Location"], listed.count(email), again.status_code)
    assert seen["nobody@example.com"] == seen["ana@example.com"]
    assert [address for address, _ in letters("staff_invitation")] == ["nobody@example.com"]
    ((address, facts),) = letters("staff_separate_address")
    assert address == "ana@example.com"
    assert "invitation" not in facts["path"], "and there is no link that would make a second account"
    still = account("ana@example.com")
    assert still is not None
    assert (still.id, still.role) == (ana.user_id, None)


def test_an_address_that_became_a_patients_meanwhile_makes_no_staff_account(owner: Browser) -> None:
    invite(owner)
    path = newest_path()
    a_patient(email="ida@staff.example")
    answer = another(owner).submit(path, CHOSEN)
    assert answer.status_code == 422
    assert "Staff use an address of their own" in answer.text
    made = account("ida@staff.example")
    assert made is not None
    assert made.kind == "patient"


def test_claims_to_the_address_that_nobody_proved_end_when_it_is_accepted(owner: Browser) -> None:
    claim = a_patient(email="ida@staff.example", confirmed=False)
    invite(owner)
    assert another(owner).submit(newest_path(), CHOSEN).status_code == 303
    with db.reading() as session:
        assert session.get_one(User, claim.user_id).deactivated_at is not None
        assert session.scalars(select(OneTimeLink).where(OneTimeLink.used_at.is_(None))).all() == []


@pytest.mark.parametrize("email", ["OTTO@staff.example", "otto@staff.example ", "\uff4ftto@staff.example"])
def test_somebody_on_the_team_is_not_invited_twice_however_it_is_spelled(owner: Browser, email: str) -> None:
    a_staff_member("billing", email="otto@staff.example")
    answer = invite(owner, email=email)
    assert answer.status_code == 422
    assert "on the team already" in answer.text
    assert letters("staff_invitation") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "not an address"},
        {"email": "a@b.example\r\nBcc: everybody@x.example"},
        {"role": "patient"},
        {"role": ""},
        {"name": ""},
        {"name": "x" * 121},
        {"name": "Ida\u202e krap"},
    ],
)
def test_what_is_not_an_invitation_is_said_and_not_sent(owner: Browser, changes: dict[str, str]) -> None:
    assert invite(owner, **changes).status_code == 422
    assert rows() == []


@pytest.mark.parametrize("role", ["clinician", "coordinator", "billing", "auditor"])
def test_only_owners_invite(client: Browser, house: House, role: str) -> None:
    client.sign_in(a_staff_member(role).user_id)
    assert invite(client).status_code == 403
    assert rows() == []


def test_somebody_who_is_an_owner_no_more_invites_nobody_even_in_the_same_moment(house: House) -> None:
    from service.accounts.actions import invitations
    from service.kit.actor import Actor
    from service.kit.errors import NotAllowed

    sam = a_staff_member("coordinator")
    with pytest.raises(NotAllowed):
        invitations.invite(**IDA, actor=Actor("staff", sam.user_id, "owner"), now=house.now, wall_now=wall_now())


# The command line


@pytest.fixture
def run(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`homeward staff ...`, in this test's house."""
    import config.settings
    from service.cli import main

    monkeypatch.setattr(process, "open_house", lambda settings: None)
    monkeypatch.setattr(config.settings, "current", lambda: house.settings)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["staff", *words])

    return run


def owner_link(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return str(result.output.strip().splitlines()[-1].removeprefix("https://localhost"))


FIRST = ("create-owner", "--email", "olive@staff.example", "--name", "Olive Grant")


def test_the_first_owner_comes_in_by_a_printed_link(run: Any, client: Browser) -> None:
    path = owner_link(run(*FIRST))
    assert path.startswith("/invitation/")
    (row,) = rows()
    assert row.token_hash != path.rsplit("/", 1)[1].encode(), "only the hash is kept"
    assert row.expires_at - row.created_at == timedelta(hours=72)
    assert letters("staff_invitation") == [], "it is handed over, not mailed"
    assert client.submit(path, {"name": "Olive Grant", "password": CHOSEN["password"]}).status_code == 303
    made = account("olive@staff.example")
    assert made is not None
    assert made.role == "owner"
    assert client.get(path).status_code == 410


def test_asked_again_before_it_was_used_only_the_newest_link_works(run: Any, client: Browser) -> None:
    first, second = owner_link(run(*FIRST)), owner_link(run(*FIRST))
    third = owner_link(run("create-owner", "--email", "otto@staff.example", "--name", "Otto Hill"))
    assert [client.get(path).status_code for path in (first, second, third)] == [410, 410, 200]


def test_while_there_is_an_owner_the_command_line_needs_a_reason_and_owners_hear_of_it(run: Any, house: House) -> None:
    otto = a_staff_member("owner", email="otto@staff.example", name=("Otto", "Hill"))
    refused = run(*FIRST)
    assert refused.exit_code == 1
    assert "--reason" in refused.output
    assert rows() == []
    assert run(*FIRST, "--reason", "out_of_reach").exit_code == 0
    assert letters("staff_account") == [
        (otto.email, {"name": "Otto", "what": "owner_made", "path": "/sign-in"}),
    ]
    with db.reading() as session:
        trace = session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.create_owner")).one()
        assert (trace.actor_kind, trace.reason) == ("system", "out_of_reach")


def test_a_deactivated_owner_is_no_owner(run: Any, house: House) -> None:
    otto = a_staff_member("owner")
    with db.transaction() as session:
        session.get_one(User, otto.user_id).deactivated_at = wall_now()
    assert run(*FIRST).exit_code == 0


def test_an_address_with_an_account_makes_no_owner(run: Any, house: House) -> None:
    a_patient(email="olive@staff.example")
    assert run(*FIRST).exit_code == 1
    assert rows() == []


def test_a_lost_factor_is_reset_from_the_command_line_with_a_trace(run: Any, house: House) -> None:
    olive = a_staff_member("owner", email="olive@staff.example")
    reset = ("reset-factor", "--email", "Olive@staff.example")
    assert run(*reset).exit_code == 2, "a reason is needed"
    for reason in ("no", "Ana Rivera found her phone"):
        told = run(*reset, "--reason", reason)
        assert told.exit_code == 1
        assert "lost_device" in run("reset-factor", "--help").output, "which ones there are"
    done = run(*reset, "--reason", "lost_device")
    assert done.exit_code == 0
    assert re.fullmatch(r"[0-9a-z]{5}-[0-9a-z]{5}", done.output.strip().splitlines()[-1]), "the code to hand over"
    with db.reading() as session:
        assert session.get_one(User, olive.user_id).totp_sealed is None
        trace = session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.factor_reset")).one()
    assert (trace.actor_kind, trace.actor_id, trace.subject_id) == ("system", None, olive.user_id)
    assert letters("staff_account")[0][1]["what"] == "factor_reset"


@pytest.mark.parametrize("who", ["patient", "nobody"])
def test_the_command_line_resets_no_patient_and_nobody(run: Any, house: House, who: str) -> None:
    a_patient(email="patient@example.com")
    result = run("reset-factor", "--email", f"{who}@example.com", "--reason", "lost_device")
    assert result.exit_code == 1
    assert "no such person on the team" in result.output


PRACTISE = ("practise", "--license", "FL:ME0123456:2028-01-31", "--hours", "mon-fri:09:00-17:00", "--email")


def test_an_invited_clinician_becomes_bookable(run: Any, owner: Browser, house: House) -> None:
    from service.visits.queries import open_times

    invite(owner)
    another(owner).submit(newest_path(), CHOSEN)
    assert run(*PRACTISE, "ida@staff.example").exit_code == 0
    with db.reading() as session:
        names = {time.practitioner.name for time in open_times(session, state="FL", now=house.now)}
    assert names == {"Dr. Ida Park"}
    again = run(*PRACTISE, "ida@staff.example")
    assert again.exit_code == 1
    assert "booked already" in again.output


@pytest.mark.parametrize("role", ["owner", "billing"])
def test_only_clinicians_practise(run: Any, house: House, role: str) -> None:
    person = a_staff_member(role)
    for email in (person.email, a_patient().email, "nobody@example.com"):
        assert "No clinician on the team" in run(*PRACTISE, email).output


@pytest.mark.parametrize(
    "words",
    [
        ("--license", "FL:ME1:2028-01-31"),
        ("--hours", "mon-fri:09:00-17:00"),
        ("--license", "Florida", "--hours", "mon-fri:09:00-17:00"),
        ("--license", "FL:ME1:2028-01-31", "--hours", "mon:9-5"),
        ("--license", "FL:ME1:2028-01-31", "--hours", "mon-fri:09:00-17:00", "--zone", "Mars/Base"),
    ],
)
def test_a_practice_that_is_not_complete_is_refused_in_words(run: Any, house: House, words: tuple[str, ...]) -> None:
    clinician = a_staff_member("clinician")
    result = run("practise", "--email", clinician.email, *words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("license", "why"),
    [
        ("FL:cds:D01234500:2028-01-31", "This state has no such license"),
        ("NJ:out_of_state_telehealth:TP123:2028-01-31", "This state has no such license"),
        ("GA:GA0123456:2028-01-31", "Choose the state"),
        ("FL:ME0123456:2024-01-31", "a day that is still ahead"),
        ("FL:ME0123456:2068-01-31", "No license lasts that long"),
    ],
)
def test_a_license_that_cannot_stand_makes_nobody_bookable(run: Any, house: House, license: str, why: str) -> None:
    from service.visits.models import Practitioner

    clinician = a_staff_member("clinician")
    result = run(*PRACTISE, clinician.email, "--license", license)
    assert (result.exit_code, why in result.output) == (1, True), result.output
    with db.reading() as session:
        assert session.scalars(select(Practitioner)).all() == []


def test_nobody_makes_staff_accounts_from_the_command_line(run: Any) -> None:
    assert run("add", "--email", "x@staff.example", "--name", "X", "--role", "owner").exit_code == 2


def test_the_password_of_an_accepted_invitation_opens_the_door(owner: Browser) -> None:
    invite(owner)
    another(owner).submit(newest_path(), CHOSEN)
    ida = another(owner)
    right = ida.submit("/sign-in", {"email": "ida@staff.example", "password": CHOSEN["password"]})
    assert right.headers["Location"] == "/settings/second-step/start"
    assert another(owner).submit("/sign-in", {"email": "ida@staff.example", "password": PASSWORD}).status_code == 422
