"""Taken ports, dead children, missing programs: each a clear error."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

import pytest

from service.sandbox import redis
from service.sandbox.child import SandboxError
from service.sandbox.house import only_one
from service.sandbox.ports import free_ports, require_free
from service.sandbox.supervisor import Supervisor
from tests.sandbox.conftest import Start, line_of
from tests.sandbox.processes import all_gone, below

SERVERS = """
import sys
from pathlib import Path
from service.sandbox.postgres import running_postgres
from service.sandbox.redis import running_redis
with running_postgres(Path(sys.argv[1])), running_redis():
    print("started", flush=True)
    import time
    time.sleep(60)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path, {}, tmp_path)


def test_a_taken_port_names_itself_its_option_and_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SandboxError) as told:
            require_free(port, "--mailbox-port", "the mailbox page")
    words = str(told.value)
    assert f"Port {port} (the mailbox page) is taken by " in words
    assert "--mailbox-port PORT" in words
    assert "--free-ports" in words


def test_a_free_port_is_no_matter() -> None:
    require_free(free_ports(1)[0], "--port", "the web")


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(6))) == 6


def test_a_dead_child_is_named_with_its_exit_code_and_last_words(supervisor: Supervisor) -> None:
    supervisor.start("baker", [sys.executable, "-c", "print('out of flour'); raise SystemExit(3)"], stage=1)
    with pytest.raises(SandboxError) as told:
        supervisor.watch()
    assert "baker ended with exit code 3" in str(told.value)
    assert "out of flour" in str(told.value)


def test_a_killed_child_is_named_with_the_signal(supervisor: Supervisor) -> None:
    supervisor.start("baker", ["sleep", "60"], stage=1)
    supervisor._children[0].process.kill()
    with pytest.raises(SandboxError, match="baker was killed by signal 9"):
        supervisor.watch()


def test_waiting_for_what_never_comes_ends(supervisor: Supervisor) -> None:
    with pytest.raises(SandboxError, match="The bread is not ready after"):
        supervisor.wait_until(lambda: False, "The bread is not ready", seconds=0.1)


def test_those_who_use_others_end_before_them(supervisor: Supervisor, tmp_path: Path) -> None:
    note = "import signal, sys, pathlib\n"
    note += "def leave(*_):\n    open('order', 'a').write(sys.argv[1]); sys.exit()\n"
    note += "signal.signal(signal.SIGTERM, leave); open(sys.argv[1], 'w').close(); signal.pause()"
    for name, stage in (("a", 1), ("b", 2), ("c", 3)):
        supervisor.start(name, [sys.executable, "-c", note, name], stage=stage)
    supervisor.wait_until(lambda: all((tmp_path / name).exists() for name in "abc"), "children", seconds=10)
    supervisor.end()
    assert (tmp_path / "order").read_text() == "cba"


def test_a_child_that_will_not_leave_is_ended_all_the_same(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.sandbox.supervisor.PATIENCE", 0.2)
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); open('up', 'w').close(); signal.pause()"
    supervisor.start("mule", [sys.executable, "-c", stubborn], stage=1)
    supervisor.wait_until((tmp_path / "up").exists, "mule", seconds=10)
    supervisor.end()
    assert supervisor._children[0].process.returncode == -signal.SIGKILL


def test_killing_whoever_started_them_ends_postgres_and_redis(data: Path, start: Start) -> None:
    parent = start("-c", SERVERS, data)
    line_of(parent, "started")
    family = below(parent.pid)
    assert len(family) > 2
    parent.kill()
    assert not all_gone(family, within=5)


def test_one_data_folder_has_one_sandbox(data: Path) -> None:
    with only_one(data), pytest.raises(SandboxError, match="already runs"), only_one(data):
        pass
    with only_one(data):
        pass


def test_redis_keeps_nothing_and_asks_for_its_password() -> None:
    import redis as client

    with redis.running_redis() as server:
        door = client.Redis(port=server.port)
        with pytest.raises(client.AuthenticationError):
            door.ping()
        door.close()
        own = client.Redis.from_url(server.url)
        assert own.config_get("save") == {"save": ""}
        assert own.config_get("bind")["bind"] == "127.0.0.1"
        own.close()


def test_a_machine_without_redis_is_told_the_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SandboxError, match=r"redis-server.*valkey-server.*REDIS_SERVER"):
        redis.program()


def test_a_wish_for_redis_that_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_SERVER", "/nowhere/redis-server")
    with pytest.raises(SandboxError, match="/nowhere/redis-server"):
        redis.program()
