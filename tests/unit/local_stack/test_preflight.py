"""What stands in the way is said at once, each with the setting that helps."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.errors import PreflightFailed
from deploy.local.ports import Listener, PortUse, port_problems
from deploy.local.preflight import check, claim_home, disk_problems, folder_problems

BROKER = PortUse(port=19192, purpose="the broker", setting="TRACKGATE_KAFKA_PORT")
INGEST = PortUse(port=18080, purpose="ingest", setting="TRACKGATE_INGEST_PORT")


def problems(*uses: PortUse, taken: dict[int, Listener]) -> list[str]:
    return port_problems(
        uses, free=lambda port: port not in taken, listener=taken.__getitem__, spare=lambda: 40001
    )


def test_free_ports_are_no_problem() -> None:
    assert problems(BROKER, INGEST, taken={}) == []


def test_a_taken_port_is_told_with_its_owner_the_setting_and_a_free_one() -> None:
    (message,) = problems(BROKER, INGEST, taken={19192: Listener(pid=77, name="java")})

    assert "port 19192, which the broker needs" in message
    assert "java (process 77)" in message
    assert "TRACKGATE_KAFKA_PORT=40001" in message


def test_an_owner_that_the_machine_does_not_tell_is_named_as_such() -> None:
    (message,) = problems(BROKER, taken={19192: Listener()})

    assert "a process of another user" in message


def test_a_port_that_two_parts_ask_for_is_told_with_both_settings() -> None:
    clash = INGEST.model_copy(update={"port": BROKER.port})

    (message,) = problems(BROKER, clash, taken={})

    assert "TRACKGATE_KAFKA_PORT" in message
    assert "TRACKGATE_INGEST_PORT" in message


def test_a_disk_below_the_wanted_space_is_told_with_both_numbers(tmp_path: Path) -> None:
    (message,) = disk_problems(tmp_path, free_mb=300, min_free_mb=1024)

    assert "300 MB" in message
    assert "1024 MB" in message
    assert "TRACKGATE_HOME" in message
    assert disk_problems(tmp_path, free_mb=1024, min_free_mb=1024) == []


def test_a_folder_that_cannot_be_made_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    (message,) = folder_problems(tmp_path / "file" / "below", "TRACKGATE_CACHE")

    assert "set TRACKGATE_CACHE" in message


def test_a_writable_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    assert folder_problems(tmp_path / "new", "TRACKGATE_HOME") == []
    assert list((tmp_path / "new").iterdir()) == []


def test_all_problems_are_told_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    bad = tmp_path / "file" / "below"

    with pytest.raises(PreflightFailed) as caught:
        check(home=bad, cache=bad, min_free_mb=0, ports=[])

    assert "TRACKGATE_HOME" in str(caught.value)
    assert "TRACKGATE_CACHE" in str(caught.value)


def test_an_impossible_wish_for_disk_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PreflightFailed, match="MB are wanted"):
        check(home=tmp_path / "home", cache=tmp_path / "cache", min_free_mb=10**12, ports=[])


HOLD_HOME = """
import sys
from pathlib import Path
from deploy.local.preflight import claim_home
with claim_home(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_home_that_another_process_holds_is_refused_with_its_id_until_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_HOME, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PreflightFailed, match=f"process {holder.pid}"), claim_home(tmp_path):
            pass
        holder.communicate()
    with claim_home(tmp_path):
        pass
