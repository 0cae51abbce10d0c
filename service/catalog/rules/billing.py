"""What billing may do by one person alone, and how much at once; and what a patient may change, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from service.catalog.rules.changes import ChangeRules, read_changes
from service.catalog.rules.reading import Table


@dataclass(frozen=True)
class BillingRules:
    """Amounts in cents. Above `second_person_above_cents` a second person decides; the asker never does."""

    second_person_above_cents: int
    most_credit_cents: int
    most_months_given: int
    tell_again_after: timedelta
    changes: ChangeRules
    source: str


def read_billing(table: Table) -> BillingRules:
    """`billing.toml`. Raises CatalogError."""
    found = BillingRules(
        second_person_above_cents=table.number("second_person_above_cents"),
        most_credit_cents=table.number("most_credit_cents", least=1),
        most_months_given=table.number("most_months_given", least=1),
        tell_again_after=timedelta(hours=table.number("tell_again_after_hours", least=1)),
        changes=read_changes(table.table("changes")),
        source=table.text("source"),
    )
    table.close()
    return found
