"""A clinic with as many enrollments as asked for, and 500 clinicians with hours, licences and visits. Filled by SQL.

Foreign keys are not checked while it fills, which is most of the time that filling takes: the rows fit each other.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from service import migrations
from service.kit import roles

PASSWORDS = roles.Passwords(owner="owner-bench", app="app-bench", audit="audit-bench")
PRACTITIONERS = 500
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10 AM in New York
PAST, AHEAD = 200_000, 10_000  # visits that were, and visits booked for the coming 14 days, at most one each patient

# uid(kind, n): the same id for the same row in every table, so that no statement has to look one up; in order, as the
# house's own ids are.
IDS = """
CREATE FUNCTION uid(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN (lpad(to_hex(ascii(kind)), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
"""
STATE = "CASE WHEN n % 3 = 0 THEN 'NJ' ELSE 'FL' END"
# Most are members, a tenth is on the way in, some are over.
STATUS = """
CASE WHEN n % 50 = 0 THEN 'assessed' WHEN n % 50 = 1 THEN 'booked' WHEN n % 50 = 2 THEN 'more_info'
WHEN n % 50 = 3 THEN 'decided' WHEN n % 50 = 4 THEN 'approved' WHEN n % 50 < 40 THEN 'active' ELSE 'ended' END
"""
FILL = (
    """
    INSERT INTO users (id, kind, role, email_sealed, email_index, password_hash, locale, email_confirmed_at, created_at)
    SELECT uid('staff', n), 'staff', 'clinician', '', int8send(-n), 'x', 'en', :now, :now
    FROM generate_series(1, :practitioners) n
    """,
    """
    INSERT INTO practitioners (id, user_id, display_name, credentials, time_zone)
    SELECT uid('clinician', n), uid('staff', n), 'Dr. Number ' || n, CASE WHEN n % 4 = 0 THEN 'APRN' ELSE 'MD' END,
    CASE WHEN n % 5 = 0 THEN 'America/Chicago' ELSE 'America/New_York' END
    FROM generate_series(1, :practitioners) n
    """,
    """
    INSERT INTO licenses (id, practitioner_id, state, kind, number, expires_on, verified_at)
    SELECT gen_random_uuid(), uid('clinician', n), state, kind, 'X' || n, date '2027-06-30' + n::int, :now
    FROM generate_series(1, :practitioners) n, unnest(ARRAY['FL', 'NJ']) state, unnest(ARRAY['physician', 'dea']) kind
    """,
    # Five mornings and afternoons a week, beginning anywhere between seven and ten.
    """
    INSERT INTO open_hours (id, practitioner_id, weekday, starts, ends)
    SELECT gen_random_uuid(), uid('clinician', n), (n + day) % 7, begins, begins + interval '4 hours'
    FROM generate_series(1, :practitioners) n, generate_series(0, 4) day,
    LATERAL unnest(ARRAY[time '07:00' + (n % 7) * interval '30 min', time '12:00' + (n % 7) * interval '30 min']) begins
    """,
    """
    INSERT INTO schedule_exceptions (id, practitioner_id, on_day, opens, starts, ends)
    SELECT gen_random_uuid(), uid('clinician', n), (:now)::date + (n % 30)::int, false, NULL, NULL
    FROM generate_series(1, :practitioners) n
    """,
    """
    INSERT INTO users (id, kind, email_sealed, email_index, password_hash, locale, email_confirmed_at, created_at)
    SELECT uid('user', n), 'patient', '', int8send(n), 'x', 'en', :now, :now
    FROM generate_series(1, :enrollments) n
    """,
    f"""
    INSERT INTO patients (id, user_id, given_name_sealed, family_name_sealed, date_of_birth_sealed, state, county_fips,
    zip_sealed, time_zone, care_language, created_at)
    SELECT uid('patient', n), uid('user', n), '', '', '', {STATE}, '12086', '', 'America/New_York', 'en', :now
    FROM generate_series(1, :enrollments) n
    """,
    f"""
    INSERT INTO assessments (id, token_hash, patient_id, questionnaire_version, ruleset_version, disclaimer_version,
    program, state, answers_sealed, revision, outcome, rule_ids, locale, started_at, submitted_at)
    SELECT uid('assessment', n), int8send(n), uid('patient', n), '1', '1', '1', 'depression', {STATE},
    '', 1, 'eligible', '{{}}', 'en', :now, :now
    FROM generate_series(1, :enrollments) n
    """,
    f"""
    INSERT INTO enrollments (id, patient_id, assessment_id, program, state, status, status_changed_at, created_at,
    owner_id)
    SELECT uid('enrollment', n), uid('patient', n), uid('assessment', n), 'depression', {STATE}, {STATUS},
    :now - n % 100000 * interval '1 minute', :now - interval '100 days',
    CASE WHEN n % 7 > 2 THEN uid('staff', 1 + n % 20) END
    FROM generate_series(1, :enrollments) n
    """,
    # Holds that stand, as many in each clinic.
    """
    INSERT INTO safety_holds (id, code, patient_id, source_kind, source_id, placed_at)
    SELECT gen_random_uuid(), 'X', uid('patient', n * (:enrollments / 500)), 'checkin', gen_random_uuid(), :now
    FROM generate_series(1, 500) n
    """,
    # Half an hour each, one after the other, of the years before: with whom and when no two are the same.
    """
    INSERT INTO appointments (id, practitioner_id, practitioner_number, patient_id, kind, during, status, booked_at)
    SELECT gen_random_uuid(), p.id, p.number, uid('patient', n), 'consultation',
    tstzrange(begins, begins + interval '30 min'), CASE WHEN n % 10 = 0 THEN 'missed' ELSE 'finished' END, :now
    FROM generate_series(1, least(:past, :enrollments)) n
    JOIN practitioners p ON p.id = uid('clinician', 1 + n % :practitioners),
    LATERAL (SELECT :now - interval '1 day' - n / :practitioners * interval '30 min' AS begins) b
    """,
    # A visit every two hours or so of each clinician's coming two weeks.
    """
    INSERT INTO appointments (id, practitioner_id, practitioner_number, patient_id, kind, during, status, booked_at)
    SELECT gen_random_uuid(), p.id, p.number, uid('patient', n), 'consultation',
    tstzrange(begins, begins + interval '30 min'), 'booked', :now
    FROM generate_series(1, least(:ahead, :enrollments)) n
    JOIN practitioners p ON p.id = uid('clinician', 1 + n % :practitioners),
    LATERAL (
      SELECT date_trunc('day', (:now)::timestamptz) + interval '1 day' + (n / :practitioners % 10) * interval '1 day'
      + interval '14 hours' + (n / :practitioners / 10 + n % 8) * interval '30 min' AS begins
    ) b
    """,
)


def filled(superuser: str, name: str, enrollments: int) -> str:
    """A migrated database with that many enrollments. Returns its address for the app's role."""
    roles.prepare(superuser, PASSWORDS, database=name)
    url = make_url(superuser).set(database=name)
    migrations.migrate(url.set(username=roles.OWNER, password=PASSWORDS.owner).render_as_string(hide_password=False))
    facts = {"now": NOW, "practitioners": PRACTITIONERS, "enrollments": enrollments, "past": PAST, "ahead": AHEAD}
    hand = create_engine(url.set(drivername="postgresql+psycopg"), connect_args={"prepare_threshold": None})
    with hand.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET synchronous_commit = off"))
        connection.execute(text(IDS))
        for statement in FILL:
            connection.execute(text(statement), {key: facts[key] for key in facts if f":{key}" in statement})
    with hand.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    hand.dispose()
    return url.set(username=roles.APP, password=PASSWORDS.app).render_as_string(hide_password=False)
