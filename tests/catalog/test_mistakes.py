"""A slip in a clinic's file stops the start, and says which file, which key, and why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.settings import HOUSE
from service.catalog.queries.load import load
from service.catalog.rules.reading import CatalogError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped files, to plant mistakes in."""
    return Path(shutil.copytree(HOUSE / "config", tmp_path / "config"))


# file, what it says, what the slip says instead, the key named, a piece of the reason
SLIPS = [
    ("retention.toml", 'keep = "7 years"', 'keep = "6 years"', "keep.clinical_record.keep", "less than 7 years"),
    ("retention.toml", 'keep = "7 years"', 'keep = "7"', "keep.clinical_record.keep", "must look like"),
    ("retention.toml", "[keep.codes]", "[keep.cods]", "keep.cods", "not one of"),
    ("retention.toml", "[keep.codes]", "[keep.links2]", "keep.links2", "not one of"),
    ("plans.toml", "price_cents = 25000", "price_cents = 250.0", "plans[1].price_cents", "whole number"),
    ("plans.toml", "price_cents = 25000", "price_cents = true", "plans[1].price_cents", "whole number"),
    ("plans.toml", "price_cents = 25000", "price_cents = -1", "plans[1].price_cents", "less than 1"),
    ("plans.toml", "price_cents = 25000", "price_cents = 26000", "advertised_from_cents", "26000"),
    ("plans.toml", "price_cents = 34900", "price_cents = 19900", "advertised_from_cents", "19900"),
    ("plans.toml", 'key = "monthly_plus"', 'key = "monthly"', "plans", "twice"),
    ("plans.toml", 'key = "monthly_plus"', 'kye = "monthly_plus"', "plans[2].key", "missing"),
    ("plans.toml", 'currency = "usd"', 'currency = "eur"', "plans[1].currency", "must be one of usd"),
    ("plans.toml", 'interval = "month"', 'interval = "month"\ncolour = "red"', "plans[1].colour", "not a key"),
    ("plans.toml", "[[plans]]", "[[plans", "file", "not TOML"),
    ("policies.toml", "effective_to = 2026-12-31", "effective_to = 2025-12-31", "policies[1].effective_to", "before"),
    ("policies.toml", "effective_to = 2026-12-31", 'effective_to = "soon"', "policies[1].effective_to", "a date"),
    ("policies.toml", 'jurisdiction = "US"', 'jurisdiction = "FL"', "policies[1].jurisdiction", "one of US"),
    ("policies.toml", "federal_telemedicine_authority", "federal_authority", "policies[1].topic", "must be one of"),
    ("policies.toml", "value = true", 'value = "yes"', "policies[1].value", "true or false"),
    ("policies.toml", "source = ", "sauce = ", "policies[1].source", "missing"),
    ("refunds.toml", 'reason = "died"', 'reason = "dead"', "ends[4].reason", "must be one of"),
    ("refunds.toml", 'reason = "died"', 'reason = "care_ended"', "ends[4].effective_from", "overlaps"),
    ("refunds.toml", 'nothing_yet = "everything"', 'nothing_yet = "all"', "ends[3].nothing_yet", "must be one of"),
    ("refunds.toml", 'nothing_yet = "everything"', 'nothing_yet = "none"', "ends[3].this_month", "less was delivered"),
    ("refunds.toml", "waits_days = 14", "waits_days = 0", "ends[5].waits_days", "less than 1"),
    ("refunds.toml", "source = ", "sauce = ", "ends[1].source", "missing"),
    ("programs/ocd.toml", 'instrument = "phq9"', 'instrument = "ybocs"', "check_ins.instrument", "ybocs"),
    ("programs/ocd.toml", "every_days = 14", "every_days = 7", "check_ins.every_days", "looks back 14"),
    ("programs/ocd.toml", "open_for_days = 7", "open_for_days = 15", "check_ins[1].open_for_days", "at once"),
    ("programs/ocd.toml", 'at = "09:00"', 'at = "9 am"', "check_ins[1].at", "like 09:00"),
    ("programs/ocd.toml", 'at = "09:00"', 'at = "24:00"', "check_ins[1].at", "like 09:00"),
    ("programs/ocd.toml", 'assessment = "first"', 'assessment = "last"', "assessment", "last"),
    ("programs/ocd.toml", 'key = "ocd"', 'key = "obsessions"', "key", "ocd.toml"),
    ("programs/ocd.toml", 'condition = "ocd"', 'condition = "sadness"', "condition", "one of"),
    ("instruments/phq9.toml", "from = 5", "from = 6", "bands[2].from", "should be 5"),
    ("instruments/phq9.toml", "to = 27", "to = 26", "bands", "should end at 27"),
    ("instruments/phq9.toml", 'code = "RF-SI"', 'code = "RF-S1"', "red_flags.code", "alerts.toml"),
    ("instruments/phq9.toml", 'item = "9"', 'item = "10"', "red_flags[1].item", "not an item"),
    (
        "instruments/phq9.toml",
        "at_least = 2\nat_most = 3",
        "at_least = 4\nat_most = 5",
        "red_flags[2].at_least",
        "ever",
    ),
    ("instruments/phq9.toml", 'id = "2"', 'id = "1"', "items", "twice"),
    ("instruments/phq9.toml", 'scoring = "sum"', 'scoring = "magic"', "scoring", "sum, mean"),
    ("instruments/peg.toml", 'to = "3.9"', 'to = "a bit"', "bands[1].to", "a number"),
    ("instruments/pcl5.toml", 'items = ["6", "7"]', 'items = ["6", "77"]', "clusters[2].items", "77"),
    ("assessments/first.toml", 'rules = ["E1"]', 'rules = ["E9"]', "questions[5].choices[1].rules", "E9"),
    ("assessments/first.toml", "[rules.G-AGE]", "[rules.G-AGES]", "rules.G-AGE", "missing"),
    ("assessments/first.toml", 'alert = "RF-SI-ACUTE"\n', "", "rules.E1.alert", "must call somebody"),
    ("assessments/first.toml", 'alert = "RF-SI-ACUTE"', 'alert = "RF-9"', "rules.E1.alert", "alerts.toml"),
    ("assessments/first.toml", 'alert_known = "RF-SI"', 'alert_known = "RF-9"', "rules.H1.alert_known", "alerts.toml"),
    ("assessments/first.toml", 'program = "ocd"', 'program = "ocb"', "condition.ocd", "programs/"),
    ("assessments/first.toml", 'id = "born_on"', 'id = "birthday"', "questions", "born_on"),
    ("assessments/first.toml", 'kind = "checkboxes"', 'kind = "sliders"', "questions[5].kind", "one of"),
    ("assessments/first.toml", "exclusive = true", "exclusive = false", "questions[5].choices", "None of these"),
    ("assessments/first.toml", 'rules = ["C1"]', 'rules = ["C2"]', "rules.C1", "set off by no answer"),
    (
        "alerts.toml",
        "acknowledge_minutes = 15",
        "acknowledge_minutes = 0",
        "alerts.RF-SI-ACUTE.acknowledge_minutes",
        "2",
    ),
    ("alerts.toml", '"coordinator", "owner"]', '"janitor", "owner"]', "alerts.RF-SI-ACUTE.roles", "janitor"),
    ("alerts.toml", '["clinician", "owner"]', '["clinician"]', "alerts.RF-RISK.roles", "must climb"),
    ("reminders.toml", 'opens = "08:00"', 'opens = "21:00"', "quiet_hours.closes", "later"),
    (
        "reminders.toml",
        "give_up_after_days = 3",
        "give_up_after_days = 1",
        "ladders.check_in.give_up_after_days",
        "last",
    ),
    ("reminders.toml", "after_days = 1", "after_days = 0", "ladders.check_in.steps", "one after the other"),
    ("states/florida.toml", '"12001"', '"1201"', "counties[1].fips", "34013"),
    ("states/florida.toml", '"12003"', '"12001"', "counties", "twice"),
    ("states/florida.toml", 'name = "Baker"', 'name = "Alachua"', "counties", "twice"),
    ("states/florida.toml", "America/Chicago", "America/Panama City", "counties[3].time_zone", "not a time zone"),
    ("states/florida.toml", '"340"', '"34"', "military_zip_prefixes", "three digits"),
    ("states/florida.toml", "value = true", 'value = "yes"', "rules[1].value", "true or false"),
    ("states/florida.toml", 'topic = "open"', 'topic = "opne"', "rules[1].topic", "must be one of open"),
    ("states/florida.toml", 'topic = "program.ocd"', 'topic = "open"', "rules[2].value", "true or false"),
    ("states/florida.toml", 'topic = "program.ocd"', 'topic = "program.ptsd"', "rules[5].effective_from", "overlaps"),
    ("states/florida.toml", 'topic = "program.ocd"', 'topic = "program.odc"', "FL.program.odc", "not in programs/"),
    ("states/florida.toml", 'value = "off"', 'value = "perhaps"', "rules[6].value", "one of on, review, off"),
    ("states/florida.toml", '"out_of_state_telehealth"', '"any"', "rules[7].value", "not one of physician"),
    ("states/florida.toml", '["dea"]', '["dae"]', "rules[8].value", "not one of dea, cds"),
    ("states/florida.toml", "value = 24", "value = 0", "rules[10].value", "less than 1"),
    ("states/florida.toml", "value = 24", 'value = "a day"', "rules[10].value", "whole number"),
    ("states/florida.toml", "value = 7", "value = 4", "rules[11].value", "less than 5"),
    ("states/florida.toml", "value = 7", "value = 8", "keep.clinical_record.keep", "less than the 8 years of Florida"),
    ("states/florida.toml", '["street"]', "[]", "rules[12].value", "is empty"),
    ("states/florida.toml", '["street"]', '["box"]', "rules[12].value", "not one of street"),
    ("states/florida.toml", 'topic = "pdmp"', 'topic = "disclosure.it"', "rules", 'has no "pdmp"'),
    (
        "states/florida.toml",
        "effective_from = 2018-07-01",
        "effective_from = 2018",
        "rules[9].effective_from",
        "a date",
    ),
    ("states/new-jersey.toml", "effective_from = 2017-07-21", "", "rules[7].effective_from", "is missing"),
    ("states/new-jersey.toml", 'code = "NJ"', 'code = "FL"', "key", "taken"),
    ("states/new-jersey.toml", '"34013"', '"12001"', "NJ", "belongs to FL"),
    ("consents/esign-v1.md", "+++\ntitle", "title", "head", "+++"),
    ("consents/esign-v1.md", "blocking = true", "blocking = perhaps", "head", "not TOML"),
    ("consents/esign-v1.md", "order = 10\n", "", "order", "missing"),
    ("consents/financial-v1.md", '"price", ', "", "values", "price"),
]


# Two files that disagree: the error names the one that asks for what the other does not have.
FOUND_ELSEWHERE = {"FL.program.odc": "states/", "NJ": "states/", "keep.clinical_record.keep": "retention.toml"}


@pytest.mark.parametrize(
    ("file", "shipped", "slip", "key", "reason"),
    SLIPS,
    ids=[f"{s[0]}:{s[3]}:{n}" for n, s in enumerate(SLIPS)],
)
def test_a_slip_is_named_by_file_key_and_reason(config, file, shipped, slip, key, reason):
    path = config / file
    text = path.read_text(encoding="utf-8")
    assert shipped in text
    path.write_text(text.replace(shipped, slip, 1), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load(config)
    assert caught.value.file == FOUND_ELSEWHERE.get(key, file)
    assert caught.value.key == key
    assert reason in caught.value.reason
    assert str(caught.value) == f"{caught.value.file}: {key}: {caught.value.reason}"


def test_a_missing_file_is_named(config):
    (config / "plans.toml").unlink()
    with pytest.raises(CatalogError, match=r"plans\.toml: file: cannot be read"):
        load(config)


def test_an_empty_folder_is_named(config):
    shutil.rmtree(config / "instruments")
    with pytest.raises(CatalogError, match="instruments: folder: holds no TOML file"):
        load(config)


def test_a_file_that_is_not_utf_8_is_named(config):
    (config / "policies.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogError, match=r"policies\.toml: file: is not UTF-8"):
        load(config)


def test_a_consent_whose_name_hides_its_version_is_refused(config):
    (config / "consents" / "esign-v1.md").rename(config / "consents" / "esign-new.md")
    with pytest.raises(CatalogError, match=r"consents/esign-new\.md: name"):
        load(config)


def test_the_shipped_files_themselves_hold_no_slip(config):
    load(config)
