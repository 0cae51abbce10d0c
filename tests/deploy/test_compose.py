"""docker-compose.yml: valid by the specification, and safe by our own rules."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from config.settings import Settings, read
from service.kit.queue import QUEUES
from tests.deploy import compose
from tests.deploy.compose import LONG_RUNNING, OURS, SERVICES

SCHEMA = Path(__file__).parent / "data" / "compose-spec.schema.json"
SECRET = re.compile(r"PASSWORD|KEY|SECRET")
KEY = base64.b64encode(bytes(32)).decode()
VALUES = {
    **dict.fromkeys(compose.required(), "a"),
    "HOMEWARD_SECRET_KEY": "k" * 32,
    "HOMEWARD_SEAL_KEYS": f"first:{KEY}",
    "HOMEWARD_INDEX_KEY": KEY,
    "HOMEWARD_PUBLIC_URL": "https://homeward.example",
    "HOMEWARD_VIDEO_URL": "https://video.example/{room}",
}


def mistakes(document: Any) -> list[str]:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(document)]


def test_the_file_is_valid_by_the_specifications_schema() -> None:
    assert mistakes(compose.LOADED) == []


def test_the_schema_would_notice_a_misspelt_key() -> None:
    wrong = {"services": {"web": {"image": "homeward", "healthchek": {}}}}
    assert any("healthchek" in line for line in mistakes(wrong))


def test_docker_compose_itself_reads_the_file(record_property: Callable[[str, object], None]) -> None:
    found = (
        shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    )
    record_property("docker compose config", "ran" if found else "not here")
    if not found:
        pytest.skip(
            "docker compose is not installed: checked against the specification's schema and our own rules only"
        )
    done = subprocess.run(
        [
            "docker",
            "compose",
            "--file",
            str(compose.HOUSE / "docker-compose.yml"),
            "--profile",
            "local",
            "config",
            "-q",
        ],
        env=os.environ | VALUES,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_no_secret_has_a_default() -> None:
    assert [name for name in compose.defaulted() if SECRET.search(name)] == []
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key) and value is not None:
                assert re.search(r"\$\{\w+:\?", str(value)), f"{name}: {key} is written out"


def test_each_missing_value_is_named_with_what_it_is() -> None:
    assert all(len(why) > 10 for why in compose.required().values()), compose.required()


@pytest.mark.parametrize("service", ["web", "worker", "safety", "audit", "beat"])
def test_every_name_the_settings_need_reaches(service: str) -> None:
    settings = read(compose.environment(service, **VALUES))
    assert settings.environment == "production"
    assert settings.trusted_proxies == 1


@pytest.mark.parametrize("service", ["web", "worker", "safety", "audit", "beat"])
def test_every_setting_that_has_a_use_here_can_be_given_to(service: str) -> None:
    known = {f"HOMEWARD_{name.upper()}" for name in Settings.model_fields}
    not_here = {
        "HOMEWARD_OWNER_DATABASE_URL",  # migrations only
        "HOMEWARD_STRIPE_URL",  # the image speaks to Stripe itself
        "HOMEWARD_CHECKOUT_ORIGIN",
        "HOMEWARD_CONFIG_DIR",  # the image's own
        "HOMEWARD_TEMPLATES_DIR",
        "HOMEWARD_STATIC_DIR",
    }
    assert set(SERVICES[service]["environment"]) == known - not_here


@pytest.mark.parametrize("service", ["web", "worker", "safety", "audit", "beat"])
def test_the_owners_and_the_superusers_passwords_stay_away_from(service: str) -> None:
    text = json.dumps(SERVICES[service])
    for name in ("OWNER", "SUPERUSER", "POSTGRES_PASSWORD", "AUDIT_PASSWORD", "AUDIT_DATABASE"):
        assert name not in text


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_health_check_watches(service: str) -> None:
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_restart_follows_the_end_of(service: str) -> None:
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_migrations_run_once_before_anything_that_reads_the_database() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    for name in ("web", "worker", "safety", "audit", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_can_be_written_or_gained_inside(service: str) -> None:
    about = SERVICES[service]
    assert about["read_only"] is True
    assert about["cap_drop"] == ["ALL"]
    assert about["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in about


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in OURS])
def test_an_unprivileged_user_runs(service: str) -> None:
    assert SERVICES[service]["user"] not in ("root", "0", 0)


def test_only_the_web_publishes_a_port_and_only_on_loopback() -> None:
    published = {
        name: about["ports"] for name, about in SERVICES.items() if "ports" in about and "profiles" not in about
    }
    assert list(published) == ["web"]
    assert compose.defaulted()["HOMEWARD_BIND"] == "127.0.0.1"
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["mailpit"]["ports"])


def test_postgres_and_redis_live_on_a_network_without_a_way_out() -> None:
    assert compose.LOADED["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]


def test_data_lives_in_named_volumes() -> None:
    mounted = {line.split(":")[0] for about in SERVICES.values() for line in about.get("volumes", [])}
    assert mounted == set(compose.LOADED["volumes"]) == {"anchors", "copies", "postgres", "redis"}


def test_only_the_sealers_worker_can_write_the_anchors_and_its_file_lies_in_their_volume() -> None:
    holders = {name for name, about in SERVICES.items() if any("anchors:" in line for line in about.get("volumes", []))}
    assert holders == {"audit"}
    (volume,) = SERVICES["audit"]["volumes"]
    path = SERVICES["audit"]["environment"]["HOMEWARD_AUDIT_ANCHORS"]
    assert path.startswith(volume.partition(":")[2] + "/")


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in OURS])
def test_a_version_pins_the_image_of(service: str) -> None:
    assert re.fullmatch(r"[\w/]+:v?\d+\.\d+[\w.-]*", SERVICES[service]["image"])


def test_the_mail_catcher_is_there_only_for_local_use_and_chores_only_when_asked_for() -> None:
    assert {name for name, about in SERVICES.items() if "profiles" in about} == {"mailpit", "keep"}
    assert SERVICES["keep"]["profiles"] == ["keeping"]
    assert SERVICES["keep"]["restart"] == "no"
    assert SERVICES["mailpit"]["profiles"] == ["local"]


def test_every_queue_is_served_and_calls_for_help_by_a_worker_of_their_own() -> None:
    def queues(service: str) -> list[str]:
        command = SERVICES[service]["command"]
        return command[command.index("--queues") + 1].split(",")

    assert queues("safety") == ["safety"]
    assert queues("audit") == ["audit"]
    assert sorted([*queues("safety"), *queues("audit"), *queues("worker")]) == sorted(QUEUES)
