"""dj-stripe as it is installed and told to work: one process of it. Run by `peers` with the Python of its own
environment, and therefore on its own: nothing of ours is imported here.

Reads `month` a line, answers with "ready", waits for a line, handles its share and answers with how many and how often
the database was asked.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import django
import stripe
from django.conf import settings

DATABASE, FILE, MINE, PROCESSES, SECRET = sys.argv[1:6]
TOLD: dict[str, Any] = json.loads(open(FILE, encoding="utf-8").read())  # noqa: SIM115
ENDPOINT = uuid.UUID(int=1)


class Stub(stripe.HTTPClient):
    """Answers from what the stand-in said, at once."""

    name = "stub"

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        asked = url.split("?")[0].rstrip("/").split("/")[-1]
        found = TOLD["objects"].get(asked) or {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}
        return json.dumps(found), 200, {"request-id": "req_1"}

    def close(self) -> None: ...


def configure() -> None:
    user, _, rest = DATABASE.removeprefix("postgresql://").partition(":")
    password, _, place = rest.partition("@")
    host, _, rest = place.partition(":")
    port, _, name = rest.partition("/")
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": user, "PASSWORD": password}
    settings.configure(
        DATABASES={"default": {**database, "HOST": host, "PORT": port, "CONN_MAX_AGE": None}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
        ROOT_URLCONF="djstripe.urls",
        SECRET_KEY="bench",
        STRIPE_TEST_SECRET_KEY="sk_test_" + "bench" * 6,
        STRIPE_LIVE_MODE=False,
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGGING_CONFIG=None,
    )
    django.setup()
    stripe.default_http_client = Stub()


def messages(month: str) -> list[tuple[str, str]]:
    """(body, signature) of this process's share."""
    told = []
    for place, event in enumerate(TOLD["events"]):
        if place // 3 % int(PROCESSES) == int(MINE):
            raw = json.dumps({**event, "id": f"evt_{month}_{place}"})
            told.append((raw, stripe.WebhookSignature.generate_signature_header(raw, SECRET)))
    return told


def say(line: str) -> None:
    """To whoever measures."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Until the input ends."""
    configure()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from djstripe.models import WebhookEndpoint

    if MINE == "0":
        call_command("migrate", verbosity=0)
        WebhookEndpoint.objects.get_or_create(
            id="we_1",
            defaults={
                "djstripe_uuid": ENDPOINT,
                "secret": SECRET,
                "livemode": False,
                "djstripe_validation_method": "verify_signature",
                "enabled_events": ["*"],
                "status": "enabled",
                "url": "https://localhost",
                "stripe_data": {"id": "we_1", "object": "webhook_endpoint"},
            },
        )
    client, seen = Client(), [0]

    def count(execute: Any, *arguments: Any) -> Any:
        seen[0] += 1
        return execute(*arguments)

    say("up")
    for line in sys.stdin:
        told, seen[0] = messages(line.strip()), 0
        say("ready")
        sys.stdin.readline()
        with connection.execute_wrapper(count):
            for raw, signature in told:
                answer = client.post(
                    f"/webhook/{ENDPOINT}/",
                    raw,
                    content_type="application/json",
                    headers={"Stripe-Signature": signature},
                )
                assert answer.status_code == 200, answer.content[:300]
        say(json.dumps([len(told), seen[0]]))


if __name__ == "__main__":
    main()
