"""One question of a check-in as a form. Nothing is preselected but what the person chose before."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import RadioField, ValidationError

from service.catalog.rules.instruments import Item
from service.kit.fields import Form


class AnswerForm(Form):
    """The official answers to one item, as tiles."""

    answer = RadioField(validate_choice=False)

    def ask(self, item: Item, saved: int | None) -> AnswerForm:
        """Fill in the question, its answers and what was chosen before."""
        self._item = item
        self.answer.label.text = item.text
        self.answer.choices = [(str(option.value), option.label) for option in item.options]
        if saved is not None and not self.is_submitted():
            self.answer.data = str(saved)
        return self

    def validate_answer(self, field: Any) -> None:
        """A scored question needs one of its own answers; another may stay empty."""
        known = {value for value, _label in self.answer.choices}
        if field.data not in known and (field.data or self._item.scored):
            raise ValidationError(_("Choose the answer that fits best"))

    @property
    def value(self) -> int | None:
        """The chosen value."""
        return int(self.answer.data) if self.answer.data else None


class SendForm(Form):
    """The button below all answers. It has no field of its own; what is missing is said above it."""
