"""The PDF of a copy: readable, tagged, and deaf to whatever markup a name holds; bounded, however long the record."""

from __future__ import annotations

import re
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint

from config.settings import HOUSE
from service.billing.models import Membership
from service.checkins.models import CheckIn
from service.enrollment.rules.status import STATUSES, TABLE
from service.kit import typesetting
from service.kit.db import Base
from service.mail.models import OutboxMessage
from service.privacy import gateway
from service.privacy.actions.copies import _pages
from service.privacy.rules import Section, as_json, as_pages
from service.privacy.rules.spoken import SAID
from service.visits.models import Appointment

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
TEMPLATES = HOUSE / "templates"
HOSTILE = [
    '#eval("1+1")',
    "#import sys: *",
    '#read("/etc/passwd")',
    "#panic()",
    '"]) #set page(width: 1pt) [',
    "= Heading",
    "$ x^2 $ *b* _i_ `r` <label> @ref \\ // comment",
    "李小龍 😀 \U0001f9d1\u200d⚕",
    "\u202eright to left\u202c \x07\x1b[31m",
    "half a pair \ud800",
    "W" * 3000,
    "{{ 7*7 }} {% raw %}",
]


def content(*sections: Section) -> dict[str, Any]:
    return dict(_pages(list(sections), "Homeward Medical Practice", "America/New_York", NOW))


def pdf(found: dict[str, Any]) -> bytes:
    return gateway.pdf(found, templates_dir=TEMPLATES, made_at=NOW)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name(name: str) -> None:
    found = pdf(content(Section("profile", name, [{"first_name": name, "list": [{"a": name}]}], note=name)))
    assert found.startswith(b"%PDF-")
    assert b"/MarkInfo" in found
    assert b"/StructTreeRoot" in found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_whatever_somebody_types_can_be_laid_out(text: str) -> None:
    assert pdf(content(Section("profile", "About you", [{"first_name": text}]))).startswith(b"%PDF-")


def test_what_cannot_be_drawn_is_shown_by_its_number_and_stays_itself_in_the_json() -> None:
    section = Section("profile", "About you", [{"first_name": "李 Ana Ñandú"}])
    drawn = typesetting.drawable(content(section))
    assert "[U+674E] Ana Ñandú" in drawn
    exact = as_json([section], made_at=NOW, practice="x", left_out=[])
    assert exact["profile"] == [{"first_name": "李 Ana Ñandú"}]


def test_the_letters_that_are_not_tried_can_all_be_drawn() -> None:
    letters = "".join(
        chr(code) for low, high in typesetting.KNOWN for code in range(low, high + 1) if chr(code).isprintable()
    )
    assert typst.compile(
        typesetting.PROBE, ignore_system_fonts=True, sys_inputs={"data": letters}, pdf_standards="ua-1", format="pdf"
    )


def ten_years() -> list[Section]:
    """More than anybody has: a check-in a week, thousands of mails, acts and looks."""
    answers = [
        {"question": f"Question {number} in some words", "answer": "Several days", "value": 1} for number in range(9)
    ]
    lists = [
        Section(key, key, [{"at": NOW, "what": "Looked at a record", "who": "Sam Okafor"} for _ in range(8000)])
        for key in ("mails", "who_looked", "your_acts")
    ]
    return [
        *lists,
        Section("check_ins", "Check-ins", [{"due_at": NOW, "score": 9, "answers": answers} for _ in range(520)]),
    ]


def test_ten_years_fit_into_pages_of_a_bounded_size() -> None:
    tracemalloc.start()
    found = content(*ten_years())
    pages = pdf(found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 * 1024 * 1024
    assert len(pages) < 12 * 1024 * 1024
    mails = next(part for part in found["sections"] if part["title"] == "mails")
    assert len(mails["entries"]) == 300
    assert "newest 300 of 8000" in mails["note"]
    assert len(as_json(ten_years(), made_at=NOW, practice="x", left_out=[])["mails"]) == 8000


def shown(key: str, **entry: Any) -> dict[str, str]:
    """What the pages say of one entry, by label."""
    part = as_pages([Section(key, "x", [entry])], zone="America/New_York")[0]
    return {line["label"]: line["text"] for line in part["entries"][0] if "text" in line}


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("phone", "+13054441234", "(305) 444-1234"),
        ("time_zone", "America/New_York", "Eastern"),
        ("language", "en", "English"),
        ("language_we_speak_with_you", "ase", "American Sign Language"),
        ("language", "tlh-xx-what", "tlh-xx-what"),
        ("browser", CHROME, "Chrome on Windows"),
        ("state", "NJ", "New Jersey"),
        ("status", "submitted", "Answered"),
        ("kind", "checkin due", "A check-in is waiting"),
        ("decision", "approve", "Approved"),
        ("what", "Looked at a record", "Looked at a record"),
        ("first_name", "approve", "approve"),
    ],
)
def test_the_pages_speak_in_words_and_leave_what_was_typed(name: str, code: str, words: str) -> None:
    assert list(shown("x", **{name: code}).values()) == [words]


def checks(model: type[Base]) -> list[CheckConstraint]:
    return [one for one in model.metadata.tables[model.__tablename__].constraints if isinstance(one, CheckConstraint)]


def test_every_code_of_ours_has_words() -> None:
    assert set(STATUSES) <= set(SAID["status"])
    assert {event for _, event in TABLE} <= set(SAID["what"])
    mails = {one.name.replace("_", " ") for one in (TEMPLATES / "emails").iterdir()}
    to_staff = {"", "alert", "alerts", "license", "look", "staff"}
    assert {name for name in mails if name.partition(" ")[0] not in to_staff} <= set(SAID["kind"])
    for model in (CheckIn, Appointment, Membership, OutboxMessage):
        codes = next(str(one.sqltext) for one in checks(model) if str(one.name).endswith("_status"))
        assert set(re.findall(r"'(\w+)'", codes)) <= set(SAID["status"]), model


def test_what_only_a_program_compares_is_in_the_json_alone() -> None:
    found = shown("consents", title="A title", sha256_of_the_text="ab" * 32, document="npp_ack")
    assert found == {"Title": "A title"}


def test_the_text_that_was_signed_is_on_the_pages() -> None:
    text = "# A title\n\nOne\nparagraph **here**.\n\n- first\n- second\n"
    part = as_pages([Section("consents", "x", [{"wording": text}])], zone="America/New_York")[0]
    whole = ["A title", "One paragraph here.", "\N{BULLET} first", "\N{BULLET} second"]
    assert part["entries"] == [[{"label": "The whole text", "paragraphs": whole}]]
    assert pdf(content(Section("consents", "x", [{"title": "t", "wording": text}]))).startswith(b"%PDF-")


def test_what_repeats_on_one_day_stands_once() -> None:
    act = {"what": "Answered a question", "outcome": "done"}
    other = {"what": "Signed in", "outcome": "done"}
    late = NOW + timedelta(hours=20)
    entries = [{"at": NOW, **act}, {"at": NOW, **act}, {"at": NOW, **other}, {"at": NOW, **act}, {"at": late, **act}]
    part = as_pages([Section("your_acts", "x", entries)], zone="America/New_York")[0]
    said = [line[1]["text"] for line in part["entries"]]
    assert said == ["Answered a question (2 times)", "Signed in", "Answered a question", "Answered a question"]
    assert len(as_json([Section("your_acts", "x", entries)], made_at=NOW, practice="x", left_out=[])["your_acts"]) == 5
