"""The shape of what people tell us about themselves."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.accounts.rules.contact import CARE_LANGUAGES, NAME_MAX, PRONOUNS_MAX, US_ZONES
from service.kit.fields import Form

BY_ZIP = "zip"
PHONE_MAX = 40


class AboutYouForm(Form):
    """What to call somebody."""

    preferred_name = StringField(
        _("What should we call you?"),
        description=_("We use it on your pages and in our mail. Leave it empty to use your first name."),
        validators=[Length(max=NAME_MAX, message=_("Keep this under 100 letters"))],
        render_kw={"autocomplete": "nickname"},
    )
    pronouns = StringField(
        _("Your pronouns"),
        description=_("For example she/her, he/him, they/them. Leave it empty if you prefer not to say."),
        validators=[Length(max=PRONOUNS_MAX, message=_("Keep this under 40 letters"))],
        render_kw={"autocomplete": "off"},
    )


class LanguageForm(Form):
    """The language of the pages, and the one we speak. Only what may be chosen is asked."""

    locale = RadioField(_("Language of these pages"), validators=[InputRequired(_("Choose one of these"))])
    care_language = SelectField(
        _("Language you speak most easily"),
        description=_(
            "So that we can plan your visits, with an interpreter where we need one. That costs you nothing."
        ),
        choices=[],
    )

    def offer(self, languages: Sequence[str], *, spoken: bool) -> None:
        """Fill the choices; take away what there is no choice about."""
        self.locale.choices = [SelectChoice(code, language_name(code)) for code in languages]
        self.care_language.choices = [SelectChoice(code, language_name(code)) for code in CARE_LANGUAGES]
        if len(languages) < 2:
            del self.locale
        if not spoken:
            del self.care_language


def language_name(code: str) -> str:
    """A language in the reader's words and, where that differs, in its own."""
    if code == "ase":  # no list of the world's locales knows a signed language
        return str(gettext("American Sign Language"))
    language = Locale.parse(code, sep="-")
    here = str(language.get_display_name(get_locale() or "en") or code)
    own = str(language.get_display_name() or here)
    return here if own == here else f"{here} · {own}"


class TimeZoneForm(Form):
    """On which clock."""

    time_zone = RadioField(_("Your time zone"), validators=[InputRequired(_("Choose one of these time zones"))])

    def offer(self, by_zip: str | None, chosen: str | None) -> None:
        """Fill the choices. `by_zip` is the zone of a patient's ZIP: the first choice is to follow it."""
        choices = [SelectChoice(zone, gettext(name)) for zone, name in US_ZONES.items()]
        if by_zip in US_ZONES:
            follow = gettext("Follow my ZIP code (%(zone)s)", zone=gettext(US_ZONES[by_zip]))
            choices = [SelectChoice(BY_ZIP, follow), *(one for one in choices if one.value != by_zip)]
        self.time_zone.choices = choices
        if not self.is_submitted():
            self.time_zone.data = BY_ZIP if chosen == by_zip and by_zip else chosen


class PhoneForm(Form):
    """How to call somebody."""

    phone = TelField(
        _("Phone number"),
        description=_("With area code, like (305) 555-0123. Leave it empty and we keep none."),
        validators=[Length(max=PHONE_MAX, message=_("Enter a phone number with area code, like (305) 555-0123"))],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )


class EmergencyContactForm(Form):
    """Whom to call when something happens."""

    name = StringField(
        _("Their name"),
        validators=[
            InputRequired(_("Enter the name of the person we should call")),
            Length(max=NAME_MAX, message=_("Keep this under 100 letters")),
        ],
        render_kw={"autocomplete": "off"},
    )
    relation = StringField(
        _("Who they are to you"),
        description=_("For example: partner, sister, friend. You may leave this empty."),
        validators=[Length(max=NAME_MAX, message=_("Keep this under 100 letters"))],
        render_kw={"autocomplete": "off"},
    )
    phone = TelField(
        _("Their phone number"),
        description=_("With area code, like (305) 555-0123."),
        validators=[
            InputRequired(_("Enter their phone number")),
            Length(max=PHONE_MAX, message=_("Enter a phone number with area code, like (305) 555-0123")),
        ],
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )
