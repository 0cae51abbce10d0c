"""The list of memberships stays as quick with very many as with few, page after page."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update

from service.billing.models import Dispute, Invoice, Membership
from service.billing.queries import desk
from service.billing.rules.shelves import SHELVES, Wanted, wanted
from service.kit import db
from service.kit.ids import new_id
from tests.factories.billing import an_approved_patient

if TYPE_CHECKING:
    from tests.conftest import House

EACH = 60


def many(house: House) -> dict[str, list[UUID]]:
    """Sixty of each kind, of one patient: only ended ones may be many, so they are made so in the database's eyes."""
    applicant = an_approved_patient(house)
    made: dict[str, list[UUID]] = {}
    kinds = {
        "active": {"status": "active"},
        "grace": {"status": "grace", "grace_since": house.now},
        "stopped": {"status": "stopped", "stopped_for": "paused"},
        "unpaid": {"status": "stopped", "stopped_for": "unpaid"},
        "ending": {"status": "active", "cancels_at_period_end": True},
        "skipped": {"status": "active", "collection_resumes_at": house.now + timedelta(days=40)},
        "ended": {"status": "ended"},
    }
    with db.transaction() as session:
        for kind, values in kinds.items():
            rows = []
            for number in range(EACH):
                rows.append(
                    {
                        "id": new_id(),
                        "patient_id": applicant.patient_id,
                        "enrollment_id": applicant.enrollment_id,
                        "plan": "monthly",
                        "price_cents": 25000,
                        "created_at": house.now,
                        "period_ends_at": house.now + timedelta(days=number // 3),
                        "cancels_at_period_end": False,
                        "credit_cents": 0,
                        **values,
                    }
                )
            session.execute(insert(Membership), rows)
            made[kind] = [row["id"] for row in rows]
    return made


@pytest.fixture
def crowd(committed: House) -> dict[str, list[UUID]]:
    """Memberships of every kind. The rule of one live one is the subject of other tests: here it is off."""
    from sqlalchemy import create_engine

    from tests.conftest import role_url

    with db.reading() as session:
        name = str(session.scalar(select(text("current_database()"))))
    owner = create_engine(role_url("owner", name))
    with owner.begin() as connection:
        connection.execute(text("DROP INDEX uq_memberships_one_live"))
    owner.dispose()
    return many(committed)


def walked(wish: Wanted) -> list[UUID]:
    """Every id of a shelf, by turning its pages to the end."""
    found, after = [], None
    with db.reading() as session:
        while True:
            page = desk.listing(session, wish, after=after)
            found += [row.id for row in page.rows]
            after = page.following
            if after is None:
                return found


def test_pages_show_each_membership_once_in_order_and_lead_back(crowd: dict[str, list[UUID]]) -> None:
    expected = {
        "": {*crowd["grace"], *crowd["stopped"], *crowd["unpaid"], *crowd["ending"]},
        "active": {*crowd["active"], *crowd["ending"], *crowd["skipped"]},
        "grace": {*crowd["grace"]},
        "stopped": {*crowd["stopped"], *crowd["unpaid"]},
        "ending": {*crowd["ending"]},
        "skipped": {*crowd["skipped"]},
        "ended": {*crowd["ended"]},
        "all": {one for kind, ids in crowd.items() if kind != "ended" for one in ids},
    }
    for shelf, ids in expected.items():
        found = walked(Wanted(shelf=shelf))
        assert len(found) == len(set(found)), shelf
        assert set(found) == ids, shelf
    assert set(walked(Wanted(shelf="stopped", stopped_for="unpaid"))) == set(crowd["unpaid"])
    with db.reading() as session:
        first = desk.listing(session, Wanted(shelf="grace"))
        second = desk.listing(session, Wanted(shelf="grace"), after=first.following)
        back = desk.listing(session, Wanted(shelf="grace"), before=second.preceding)
        assert back.rows == first.rows
        assert first.counts["grace"] == EACH
        assert first.counts["all"] == 6 * EACH


def test_a_disputed_one_is_found_among_all_others(crowd: dict[str, list[UUID]], committed: House) -> None:
    with db.transaction() as session:
        membership = session.get_one(Membership, crowd["active"][7])
        charge = Invoice(
            id=new_id(),
            membership_id=membership.id,
            stripe_invoice_id="in_disputed",
            status="paid",
            amount_due_cents=25000,
            amount_paid_cents=25000,
            issued_at=committed.now,
            paid_at=committed.now,
        )
        session.add(charge)
        session.flush()
        session.add(
            Dispute(
                id=new_id(),
                stripe_dispute_id="dp_1",
                invoice_id=charge.id,
                membership_id=membership.id,
                patient_id=membership.patient_id,
                amount_cents=25000,
                reason="general",
                status="needs_response",
                opened_at=committed.now,
            )
        )
    assert walked(Wanted(shelf="disputed")) == [crowd["active"][7]]
    with db.reading() as session:
        assert desk.waits(session).disputes == 1
        assert desk.waits(session).failed == 2 * EACH


@pytest.mark.parametrize("shelf", [one for one in SHELVES if one != "disputed"])
def test_no_shelf_reads_the_whole_table(crowd: dict[str, list[UUID]], shelf: str) -> None:
    """With a table too big to read whole, each stretch of a page goes along an index."""
    pages = import_module("service.billing.queries.desk.listing")  # the package's own name for it is the function
    with db.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        for stretch in pages.SHELF[shelf]:
            query = pages._part(stretch, Wanted(), None, False)
            sql = str(query.compile(session.connection(), compile_kwargs={"literal_binds": True}))
            plan = "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {sql}")))
            assert "Seq Scan" not in plan, plan
            assert "Sort" not in plan, plan


def test_a_narrowed_list_looks_through_a_part_at_a_time_and_finds_everybody_in_the_end(
    crowd: dict[str, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = import_module("service.billing.queries.desk.listing")
    rare = {crowd[kind][number] for kind, number in (("active", 3), ("grace", 58), ("stopped", 40), ("ending", 59))}
    with db.transaction() as session:
        session.execute(update(Membership).where(Membership.id.in_(rare)).values(plan="saver"))
    with db.reading() as session:
        assert desk.listing(session, Wanted(shelf="all", plan="saver")).counts == {"all": 4}
    monkeypatch.setattr(pages, "LOOKED", 10)
    assert set(walked(Wanted(shelf="all", plan="saver"))) == rare
    assert walked(Wanted(shelf="all", state="NJ")) == []
    assert set(walked(Wanted(shelf="stopped", stopped_for="unpaid"))) == set(crowd["unpaid"])
    with db.reading() as session:
        page = desk.listing(session, Wanted(shelf="grace", plan="saver"))
        assert (page.rows, page.counts) == ((), {}), "it says neither nobody nor how many: it has not looked at all"
        assert page.following is not None
        back = desk.listing(session, Wanted(shelf="grace", plan="monthly"), before=page.following)
        assert {row.id for row in back.rows} == set(crowd["grace"][:9])


@pytest.mark.parametrize("wish", [{"state": "NJ"}, {"plan": "saver"}, {"stopped_for": "unpaid"}])
def test_no_narrowed_page_reads_more_than_it_may(
    crowd: dict[str, list[UUID]], monkeypatch: pytest.MonkeyPatch, wish: dict[str, str]
) -> None:
    pages = import_module("service.billing.queries.desk.listing")
    monkeypatch.setattr(pages, "LOOKED", 10)
    with db.transaction() as session:
        for setting in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
            session.execute(text(f"SET LOCAL enable_{setting} = off"))
        for shelf in ("all", "active", "stopped", "ended"):
            for stretch in pages.SHELF[shelf]:
                query = pages._part(stretch, Wanted(shelf=shelf, **wish), None, False)
                sql = str(query.compile(session.connection(), compile_kwargs={"literal_binds": True}))
                (read,) = session.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).scalars()
                assert max(_rows_of(read[0]["Plan"], "memberships")) <= 10, read


def _rows_of(node: dict[str, Any], table: str) -> list[float]:
    """How many rows each look at a table brought."""
    here = [node["Actual Rows"] * node["Actual Loops"]] if node.get("Relation Name") == table else []
    return here + [rows for below in node.get("Plans", ()) for rows in _rows_of(below, table)]


def test_an_address_that_nobody_made_shows_more_and_never_an_error() -> None:
    asked = {"show": "nonsense", "state": "XX", "plan": "gold", "stopped_for": "fun"}
    assert wanted(asked, states=("FL", "NJ"), plans=("monthly",)) == Wanted()
    for place in ("", "x", "_", "2026-01-01_", "2026-01-01T00:00:00_nobody", f"yesterday_{new_id()}", None):
        assert desk.Place.read(place) is None
    place = desk.Place(None, new_id())
    assert desk.Place.read(str(place)) == place
