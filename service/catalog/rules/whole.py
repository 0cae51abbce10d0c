"""The whole catalog, and what its files must agree on with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from config.brand import Brand
from service.catalog.rules.alerts import AlertRule
from service.catalog.rules.billing import BillingRules
from service.catalog.rules.changes import PriceChange, PromotionRule
from service.catalog.rules.consents import ConsentDocument
from service.catalog.rules.dated import PROGRAM
from service.catalog.rules.estimates import EstimateRules
from service.catalog.rules.instruments import Instrument
from service.catalog.rules.plans import Plan
from service.catalog.rules.policies import Policy
from service.catalog.rules.programs import Program
from service.catalog.rules.questionnaires import Questionnaire
from service.catalog.rules.reading import CatalogError
from service.catalog.rules.refunds import EndRule
from service.catalog.rules.reminders import ReminderRules
from service.catalog.rules.retention import KeepRule
from service.catalog.rules.states import State
from service.catalog.rules.visits import VisitRules

# What the gate reads (enrollment/rules/gate.py): without it every prescription would be refused without a word why.
NEEDED_POLICIES = (("federal_telemedicine_authority", "US"),)
T = TypeVar("T")


@dataclass(frozen=True)
class Catalog:
    """config/ as frozen values. Mappings are by key; nothing in it changes while the service runs.

    `practice` is `brand.toml`: texts and estimates that are handed out name it.
    `policies` are those of the whole country and every state's own: one list to ask by topic, jurisdiction and day.
    """

    states: Mapping[str, State]
    policies: tuple[Policy, ...]
    plans: Mapping[str, Plan]
    programs: Mapping[str, Program]
    instruments: Mapping[str, Instrument]
    assessments: Mapping[str, Questionnaire]
    consents: tuple[ConsentDocument, ...]
    reminders: ReminderRules
    alerts: Mapping[str, AlertRule]
    retention: Mapping[str, KeepRule]
    practice: Brand
    estimate: EstimateRules
    visits: VisitRules
    price_changes: tuple[PriceChange, ...]
    promotions: tuple[PromotionRule, ...]
    billing: BillingRules
    ends: tuple[EndRule, ...]

    def on(self, day: date) -> Catalog:
        """The catalog with what each plan costs somebody who begins on `day`. Members pay what they agreed to."""
        plans = dict(self.plans)
        for change in self.price_changes:
            if change.effective_on <= day:
                plans[change.plan] = replace(
                    plans[change.plan], price_cents=change.price_cents, stripe_lookup_key=change.stripe_lookup_key
                )
        return self if plans == self.plans else replace(self, plans=MappingProxyType(plans))

    @property
    def open_plans(self) -> tuple[Plan, ...]:
        """The plans a patient may choose, cheapest first."""
        return tuple(sorted((p for p in self.plans.values() if p.open), key=lambda plan: plan.price_cents))

    @property
    def from_price_cents(self) -> int:
        """The honest number behind "from $... a month"."""
        return self.open_plans[0].price_cents


def cross_check(catalog: Catalog) -> Catalog:
    """`catalog` unchanged, or CatalogError for the first name in one file that another does not know."""
    for program in catalog.programs.values():
        _check_program(catalog, f"programs/{program.key}.toml", program)
    for instrument in catalog.instruments.values():
        for flag in instrument.red_flags:
            _known(
                catalog.alerts,
                f"instruments/{instrument.key}.toml",
                "red_flags.code",
                flag.code,
                "alerts.toml",
            )
    for questionnaire in catalog.assessments.values():
        _check_questionnaire(catalog, f"assessments/{questionnaire.key}.toml", questionnaire)
    for topic, jurisdiction in NEEDED_POLICIES:
        _policy(catalog, "policies.toml", "policies", topic, jurisdiction)
    for document in catalog.consents:
        if document.state:
            _known(catalog.states, f"consents/{document.key}", "name", document.state, "states/")
    _check_price_changes(catalog)
    for state in catalog.states.values():
        for rule in state.rules:
            if rule.topic.startswith(PROGRAM):
                named = rule.topic.removeprefix(PROGRAM)
                _known(catalog.programs, "states/", f"{state.code}.{rule.topic}", named, "programs/")
    _kept_long_enough(catalog)
    _one_county_one_state(catalog)
    return catalog


def _check_program(catalog: Catalog, file: str, program: Program) -> None:
    _known(catalog.assessments, file, "assessment", program.assessment, "assessments/")
    for cadence in program.cadences:
        instrument = _known(catalog.instruments, file, "check_ins.instrument", cadence.instrument, "instruments/")
        # A two-week measure asked every week would count the same days twice (domain.md 5).
        if cadence.every_days < instrument.recall_days:
            raise CatalogError(
                file,
                "check_ins.every_days",
                f"is {cadence.every_days}, but {instrument.name} looks back {instrument.recall_days} days",
            )


def _check_price_changes(catalog: Catalog) -> None:
    """A change names a plan, costs more than before it, and has a price of its own at Stripe."""
    keys = {plan.stripe_lookup_key for plan in catalog.plans.values()}
    costs = {plan.key: plan.price_cents for plan in catalog.plans.values()}
    for change in catalog.price_changes:
        _known(catalog.plans, "price_changes.toml", f"{change.key}.plan", change.plan, "plans.toml")
        if change.price_cents <= costs[change.plan]:
            asked = f"is not more than the {costs[change.plan]} it costs before; a lower price needs a plan of its own"
            raise CatalogError("price_changes.toml", f"{change.key}.price_cents", asked)
        if change.stripe_lookup_key in keys:
            raise CatalogError("price_changes.toml", f"{change.key}.stripe_lookup_key", "is a plan's already")
        costs[change.plan] = change.price_cents


def _kept_long_enough(catalog: Catalog) -> None:
    """Records are kept at least as long as each state asks, on any day its rules know."""
    kept = catalog.retention["clinical_record"].months
    for state in catalog.states.values():
        for rule in state.rules:
            if rule.topic == "retention_years" and isinstance(rule.value, int) and kept < rule.value * 12:
                asked = f"is less than the {rule.value} years of {state.name}"
                raise CatalogError("retention.toml", "keep.clinical_record.keep", asked)


def _check_questionnaire(catalog: Catalog, file: str, questionnaire: Questionnaire) -> None:
    for rule in questionnaire.rules.values():
        for key, code in (("alert", rule.alert), ("alert_known", rule.alert_known)):
            if code:
                _known(catalog.alerts, file, f"rules.{rule.id}.{key}", code, "alerts.toml")
    for question in questionnaire.questions:
        for choice in question.choices:
            if choice.program:
                _known(catalog.programs, file, f"{question.id}.{choice.value}", choice.program, "programs/")


def _policy(catalog: Catalog, file: str, key: str, topic: str, jurisdiction: str) -> None:
    if not any(p.topic == topic and p.jurisdiction == jurisdiction for p in catalog.policies):
        raise CatalogError(file, key, f'policies.toml has no "{topic}" for {jurisdiction}')


def _one_county_one_state(catalog: Catalog) -> None:
    owner: dict[str, str] = {}
    for state in catalog.states.values():
        for county in state.counties:
            if county.fips in owner:
                raise CatalogError("states/", state.code, f"{county.fips} also belongs to {owner[county.fips]}")
            owner[county.fips] = state.code


def _known(names: Mapping[str, T], file: str, key: str, name: str, where: str) -> T:
    if name not in names:
        raise CatalogError(file, key, f'"{name}" is not in {where}')
    return names[name]
