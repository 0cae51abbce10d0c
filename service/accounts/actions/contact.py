"""How to reach a patient, and whom to call for them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import writes as letters
from service.accounts.actions.profile import locked, sealed
from service.accounts.queries.settings import EmergencyContact, own_patient
from service.accounts.rules.contact import NAME_MAX, one_line, phone_number
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words


def change_phone(*, user_id: UUID, phone: str, actor: Actor, now: datetime) -> bool:
    """Keep a telephone number, or with an empty one keep none; word of it is mailed. Returns whether it changed.

    Raises Rejected for what is no number.
    """
    number = phone_number(phone) if one_line(phone) else ""
    with db.transaction() as session:
        _, patient = locked(session, user_id)
        if own_patient(patient).phone == number:
            return False
        patient.phone_sealed = sealed(patient, "phone", number)
        letters.tell_security_changed(session, user_id=user_id, what="phone_changed", now=now)
        audit.record(session, actor, "account.change_phone", "user", user_id)
        return True


def change_emergency_contact(*, user_id: UUID, name: str, relation: str, phone: str, actor: Actor) -> bool:
    """Keep whom to call when something happens. Returns whether it changed.

    Raises Rejected without a name or with what is no number.
    """
    contact = EmergencyContact(one_line(name), one_line(relation), phone_number(phone))
    if not contact.name:
        raise Rejected("contact_missing", words("Enter the name of the person we should call"))
    if len(contact.name) > NAME_MAX or len(contact.relation) > NAME_MAX:
        raise Rejected("name_too_long", words("That is longer than we can keep. Use a shorter form."))
    with db.transaction() as session:
        _, patient = locked(session, user_id)
        if own_patient(patient).emergency_contact == contact:
            return False
        kept = {"name": contact.name, "relation": contact.relation, "phone": contact.phone}
        patient.emergency_contact_sealed = crypto.seal_json(kept, "patients", "emergency_contact", patient.id)
        audit.record(session, actor, "account.change_emergency_contact", "user", user_id)
        return True


def remove_emergency_contact(*, user_id: UUID, actor: Actor) -> bool:
    """Keep nobody to call. Returns whether there was somebody."""
    with db.transaction() as session:
        _, patient = locked(session, user_id)
        if patient.emergency_contact_sealed is None:
            return False
        patient.emergency_contact_sealed = None
        audit.record(session, actor, "account.remove_emergency_contact", "user", user_id)
        return True
