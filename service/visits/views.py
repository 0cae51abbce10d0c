"""Who a patient's clinician is: name, degree, licences, board and how to reach them (N.J.S.A. 45:1-62)."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from service.accounts.rules.contact import spoken_phone
from service.kit import access, clock, db
from service.visits.queries.practice import practice
from service.visits.rules.licenses import KIND_WORDS, PHYSICIANS, REGISTRATIONS

bp = Blueprint("visits", __name__)


@bp.get("/clinicians/<uuid:practitioner_id>")
@access.patient
def clinician(practitioner_id: UUID) -> ResponseReturnValue:
    """Somebody whom patients meet. A registration for controlled substances is between them and the authority."""
    now = clock.now()
    with db.reading() as session:
        found = practice(session, practitioner_id)
    if found is None:
        raise NotFound
    return render_template(
        "visits/clinician.html",
        person=found.practitioner,
        practises=found.practises_on(now),
        physician=found.practitioner.credentials in PHYSICIANS,
        licenses=[one for one in found.standing() if one.kind not in REGISTRATIONS and found.counts(one, now)],
        phone=spoken_phone(found.practitioner.phone) if found.practitioner.phone else "",
        kinds=KIND_WORDS,
        states=current_app.config["CATALOG"].states,
    )
