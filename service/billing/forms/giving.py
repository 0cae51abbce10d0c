"""What staff fill in to give money back, to give credit, and to decide about a colleague's ask."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp
from wtforms.widgets import HiddenInput

from service.billing.rules import CREDIT_REASONS, NOTE_MAX, REFUND_REASONS, typed_cents
from service.kit.errors import Rejected
from service.kit.fields import Form, TicksField
from service.kit.format import money

_ = lazy_gettext
_LINE = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}=[0-9]{1,10}"
_LINES = rf"(?:{_LINE}(?:,{_LINE})*)?$"
AMOUNT_KW = {"autocomplete": "off", "inputmode": "decimal"}


def _reasons(codes: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(code, gettext(said)) for code, said in codes.items()]


class FindForm(Form):
    """Whom to look for. Sent in the body, so that it stands in no address and no log."""

    wanted = StringField(
        _("E-mail address, or an id"),
        description=_(
            "The whole address they sign in with, an id from these pages, or one from Stripe. Names are sealed and "
            "cannot be searched."
        ),
        filters=[lambda text: (text or "").strip()],
        validators=[
            InputRequired(_("Enter an e-mail address or an id")),
            Length(max=254, message=_("That is longer than an address or an id can be")),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


class NoteForm(Form):
    """A note for the next colleague."""

    text = TextAreaField(
        _("A note for colleagues"),
        description=_(
            "About money only, nothing about anybody's health. It cannot be changed, and the patient's copy of their "
            "data has it."
        ),
        validators=[
            InputRequired(_("Write what the next colleague should know")),
            Length(max=NOTE_MAX, message=_("Write at most 2,000 letters")),
        ],
    )


class GivingForm(Form):
    """A reason and a note, as both money back and credit have them."""

    reason = SelectField(_("Reason"), validators=[InputRequired(_("Choose a reason"))])
    note = TextAreaField(
        _("Note"),
        description=_("For colleagues, sealed. Nothing about anybody's health."),
        validators=[Length(max=NOTE_MAX, message=_("Write at most 2,000 letters"))],
    )

    def _explained(self) -> bool:
        if self.reason.data == "other" and not (self.note.data or "").strip():
            self.note.errors = [gettext("Say which reason it is")]
            return False
        return True


class RefundForm(GivingForm):
    """How much of one charge."""

    how = RadioField(
        _("How much"),
        choices=[],
        default="all",
    )
    amount = StringField(_("Amount in dollars"), render_kw=AMOUNT_KW)
    lines = TicksField(_("Lines to give back"))

    def about(self, left_cents: int, lines: list[tuple[UUID, str, int]]) -> RefundForm:
        """This form for a charge with `left_cents` left and these lines: (id, words, what may be given on it)."""
        self.reason.choices = _reasons(REFUND_REASONS)
        self.lines.choices = [SelectChoice(str(line), f"{said}: {money(cents)}") for line, said, cents in lines]
        ways = {"all": gettext("All that is left"), "part": gettext("A part of it"), "lines": gettext("By line")}
        self.how.choices = [SelectChoice(way, said) for way, said in ways.items() if way != "lines" or lines]
        self._left, self._lines = left_cents, {str(line): cents for line, _said, cents in lines}
        return self

    def wanted(self) -> tuple[int, dict[UUID, int]] | None:
        """(cents, cents by line), or None with the words for it at the field."""
        ok = self.validate() and self._explained()
        found: tuple[int, dict[UUID, int]] | None = None
        if self.how.data == "lines":
            chosen = {UUID(line): self._lines[line] for line in self.lines.data or [] if line in self._lines}
            if not chosen:
                self.lines.errors = [gettext("Tick at least one line")]
            else:
                found = sum(chosen.values()), chosen
        elif self.how.data == "part":
            try:
                found = typed_cents(self.amount.data), {}
            except Rejected as no:
                self.amount.errors = [gettext(no.message)]
        else:
            found = self._left, {}
        if found is not None and found[0] > self._left:
            field = self.lines if self.how.data == "lines" else self.amount
            field.errors = [gettext("At most %(amount)s of this charge is left", amount=money(self._left))]
            found = None
        return found if ok else None


class GiveForm(Form):
    """What the page in between promised, as it carries it. `left_cents`: what it said was left of the charge."""

    cents = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    left_cents = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    reason = HiddenField(validators=[InputRequired()])
    note = HiddenField(validators=[Length(max=NOTE_MAX)])
    lines = HiddenField(filters=[lambda text: text or ""], validators=[Regexp(_LINES)])

    def by_line(self) -> dict[UUID, int]:
        """Cents by line; empty where it was not chosen by line."""
        pairs = (part.split("=") for part in self.lines.data.split(",") if part)
        return {UUID(line): int(cents) for line, cents in pairs}


class CreditForm(GivingForm):
    """Credit, or months. `again` names this one gift, so that sent twice it is one."""

    kind = RadioField(
        _("What to give"),
        choices=[SelectChoice("credit", _("Credit for the next charges")), SelectChoice("comp", _("Whole months"))],
        default="credit",
    )
    amount = StringField(_("Credit in dollars"), render_kw=AMOUNT_KW)
    months = StringField(_("How many months"), render_kw={"autocomplete": "off", "inputmode": "numeric"})
    again = HiddenField()
    sure = HiddenField()

    def wanted(self, *, most_cents: int, most_months: int) -> int | None:
        """Cents or months, or None with the words for it at the field."""
        ok = self.validate() and self._explained()
        found: int | None = None
        if self.kind.data == "comp":
            typed = (self.months.data or "").strip()
            if len(typed) <= 6 and typed.isascii() and typed.isdigit() and 1 <= int(typed) <= most_months:
                found = int(typed)
            else:
                self.months.errors = [gettext("Enter a whole number from 1 to %(most)s", most=most_months)]
        else:
            try:
                found = typed_cents(self.amount.data)
            except Rejected as no:
                self.amount.errors = [gettext(no.message)]
            if found is not None and found > most_cents:
                self.amount.errors = [gettext("Enter at most %(amount)s", amount=money(most_cents))]
                found = None
        return found if ok else None


def credit_form(form: CreditForm) -> CreditForm:
    """`form` with its reasons."""
    form.reason.choices = _reasons(CREDIT_REASONS)
    return form


class WhyForm(Form):
    """Why staff do something for a patient."""

    why = TextAreaField(
        _("Why"),
        description=_("For colleagues, sealed. Nothing about anybody's health."),
        validators=[
            InputRequired(_("Say why")),
            Length(max=NOTE_MAX, message=_("Write at most 2,000 letters")),
        ],
    )
    sure = HiddenField()
