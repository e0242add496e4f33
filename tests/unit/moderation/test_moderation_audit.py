"""The audit log: a chain that shows where it was touched, and that holds nobody's name."""

import ast
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.moderation
from services.moderation.main import main
from shared.audit.chain import (
    EMPTY,
    GENESIS,
    Broken,
    Checkpoint,
    Whole,
    canonical,
    chained,
    entry_of,
    verify,
)
from shared.audit.file import AuditFile, verify_file
from shared.clock import SetClock
from shared.errors import SettingsError, SystemicError
from tests.unit.moderation.desk_fakes import NOW

SETTING = "TRACKGATE_MODERATION_AUDIT"
Verified = tuple[int, str]
ALLOWED_NAMES = frozenset(
    {
        *("case_id", "track_id", "decision_id", "event_id", "appeal_id", "job_id", "distributor_id"),
        *("token", "outcome", "sound", "sha256", "count", "state"),
        *("right", "method", "path", "why", "roles"),
    }
)
"""What a deed may tell beside who and when: ids, numbers and codes. No name, no title, no note."""


def a_log(count: int = 5) -> list[bytes]:
    lines, head = [], EMPTY
    for number in range(count):
        line, head = chained(
            entry_of(NOW.isoformat(), "heard", {"reviewer_id": "ada", "case_id": f"c{number}"}), head
        )
        lines.append(line)
    return lines


def head_of(lines: list[bytes]) -> Checkpoint:
    found = verify(lines)
    assert isinstance(found, Whole)
    return found.head


def first_broken(lines: list[bytes], checkpoint: Checkpoint | None = None) -> int:
    found = verify(lines, checkpoint)
    assert isinstance(found, Broken), "nothing was noticed"
    return found.line


def test_each_record_names_the_one_before_it() -> None:
    first, second = (json.loads(line) for line in a_log(2))
    assert first["prev"] == GENESIS
    assert second["prev"] == first["hash"]
    assert [first["seq"], second["seq"]] == [1, 2]


def test_what_was_not_touched_is_whole() -> None:
    lines = a_log()
    assert verify(lines, head_of(lines[:3])) == Whole(head_of(lines))
    assert verify([]) == Whole(EMPTY)


@given(line=st.integers(0, 4), data=st.data())
def test_any_changed_byte_is_found_at_its_line(line: int, data: st.DataObject) -> None:
    lines = a_log()
    at = data.draw(st.integers(0, len(lines[line]) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[line][at]))
    changed = lines[line][:at] + bytes([other]) + lines[line][at + 1 :]
    whole = b"".join([*lines[:line], changed, *lines[line + 1 :]])
    assert first_broken(whole.splitlines(keepends=True)) == line + 1


@given(st.permutations(range(5)).filter(lambda order: list(order) != sorted(order)))
def test_any_other_order_is_found_where_it_begins(order: list[int]) -> None:
    lines = a_log()
    first = next(number for number, place in enumerate(order) if number != place)
    assert first_broken([lines[place] for place in order]) == first + 1


@pytest.mark.parametrize("gone", [0, 2, 3])
def test_a_deleted_record_is_found_where_it_was(gone: int) -> None:
    lines = a_log()
    assert first_broken(lines[:gone] + lines[gone + 1 :]) == gone + 1


def test_a_cut_tail_is_found_by_a_checkpoint_and_not_without_one() -> None:
    lines = a_log()
    kept = head_of(lines)
    assert first_broken(lines[:3], kept) == 4
    assert isinstance(verify(lines[:3]), Whole)
    assert first_broken([], kept) == 1


def test_a_log_written_anew_is_found_by_a_checkpoint() -> None:
    lines, forged, head = a_log(), [], EMPTY
    for line in lines:
        told = {
            name: value for name, value in json.loads(line).items() if name not in {"seq", "prev", "hash"}
        }
        forged_line, head = chained({**told, "reviewer_id": "ben"}, head)
        forged.append(forged_line)
    assert isinstance(verify(forged), Whole)
    assert first_broken(forged, head_of(lines[:2])) == 2


def test_a_changed_record_with_a_hash_that_fits_breaks_the_next_line() -> None:
    lines = a_log()
    record = json.loads(lines[1])
    entry = {name: value for name, value in record.items() if name not in {"seq", "prev", "hash"}}
    forged, _ = chained({**entry, "reviewer_id": "ben"}, Checkpoint(1, record["prev"]))
    assert first_broken([lines[0], forged, *lines[2:]]) == 3


def test_the_same_record_written_differently_is_not_the_same() -> None:
    lines = a_log(1)
    assert first_broken([json.dumps(json.loads(lines[0])).encode() + b"\n"]) == 1
    assert first_broken([lines[0][:-1]]) == 1


@given(st.dictionaries(st.sampled_from(["case_id", "token"]), st.text() | st.integers() | st.none()))
def test_only_ids_are_kept_as_they_are(about: dict[str, str | int | None]) -> None:
    entry = entry_of("t", "heard", about)
    for name, value in about.items():
        if isinstance(value, str) and (not value.isascii() or " " in value or len(value) > 200):
            assert str(entry[name]).startswith("sha256:")
        canonical(entry).decode()
    with pytest.raises(ValueError, match="hash"):
        entry_of("t", "heard", {"reviewer_id": "ada", "hash": "x"})


def test_a_name_does_not_get_in() -> None:
    line, _ = chained(
        entry_of("t", "heard", {"reviewer_id": "Liva Norrfjell", "case_id": "Neon Fjord"}), EMPTY
    )
    assert b"Norrfjell" not in line
    assert b"Neon" not in line


def names_told() -> Iterator[tuple[str, set[str]]]:
    """Every ``record("deed", …)`` of the service, with the names it tells (maybe by a function)."""
    for path in sorted(Path(services.moderation.__path__[0]).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "record" or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            told = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
            for keyword in node.keywords:
                if keyword.arg is None:
                    assert isinstance(keyword.value, ast.Call), f"{path.name}: tell the names in the call"
                    told |= keys_in(functions[ast.unparse(keyword.value.func)])
            yield f"{path.name}:{node.lineno}", told - {"reviewer_id"}


def keys_in(function: ast.FunctionDef) -> set[str]:
    dicts = [node for node in ast.walk(function) if isinstance(node, ast.Dict)]
    assert dicts, f"{function.name}: tell the names in a dict"
    return {ast.literal_eval(key) for node in dicts for key in node.keys if key is not None}


def test_no_deed_tells_more_than_ids_numbers_and_codes() -> None:
    calls = list(names_told())
    assert len(calls) >= 8
    for where, names in calls:
        assert names <= ALLOWED_NAMES, f"{where} writes {sorted(names - ALLOWED_NAMES)}"


async def test_the_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "moderation.jsonl"
    for deed in ("claimed", "heard"):
        audit = AuditFile(path, SetClock(NOW), setting=SETTING)
        await audit.record(deed, reviewer_id="ada", case_id="c1")
        audit.close()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["deed"] for entry in entries] == ["claimed", "heard"]
    assert {name: entries[0][name] for name in ("at", "deed", "reviewer_id", "case_id", "seq")} == {
        "at": NOW.isoformat(),
        "deed": "claimed",
        "reviewer_id": "ada",
        "case_id": "c1",
        "seq": 1,
    }
    assert isinstance(verify_file(path), Whole)
    assert path.stat().st_mode & 0o777 == 0o600


async def test_two_that_share_a_file_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    one, two = (
        AuditFile(path, SetClock(NOW), setting=SETTING),
        AuditFile(path, SetClock(NOW), setting=SETTING),
    )
    deeds = [audit.record("heard", reviewer_id="ada", token=n) for n in range(100) for audit in (one, two)]
    await asyncio.gather(*deeds)
    found = verify_file(path)
    assert isinstance(found, Whole)
    assert found.head.seq == 200
    one.close()
    two.close()


async def test_a_record_that_was_torn_by_a_crash_is_taken_away_and_told_of(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = a_log(3)
    path.write_bytes(b"".join(lines) + b'{"at":"2026')
    audit = AuditFile(path, SetClock(NOW), setting=SETTING)
    await audit.record("heard", reviewer_id="ada")
    audit.close()
    found = verify_file(path, head_of(lines))
    assert isinstance(found, Whole)
    mended = json.loads(path.read_bytes().splitlines()[3])
    assert (mended["deed"], mended["torn_bytes"]) == ("log_mended", 11)


@pytest.mark.parametrize("content", [b'{"deed": "heard"}\n', b"not a log\n", b"[]\n"])
def test_a_file_that_is_no_chained_log_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="TRACKGATE_MODERATION_AUDIT"):
        AuditFile(path, SetClock(NOW), setting=SETTING)
    assert path.read_bytes() == content


async def test_a_disk_that_refuses_refuses_the_deed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "audit.jsonl"
    audit = AuditFile(path, SetClock(NOW), setting=SETTING)
    await audit.record("heard", reviewer_id="ada")
    before = path.read_bytes()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", full)
        with pytest.raises(SystemicError, match="No space"):
            await audit.record("heard", reviewer_id="ada")
    assert path.read_bytes() == before
    await audit.record("heard", reviewer_id="ben")
    audit.close()
    assert isinstance(verify_file(path), Whole)


def test_one_command_verifies_and_names_the_first_broken_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, lines = tmp_path / "audit.jsonl", a_log()

    def verify_audit(*more: str) -> Verified:
        monkeypatch.setattr("sys.argv", ["moderation", "verify-audit", str(path), *more])
        status = main()
        said = capsys.readouterr()
        return status, said.out + said.err

    path.write_bytes(b"".join(lines))
    checkpoint = str(head_of(lines))
    assert verify_audit() == (0, f"5 records, whole and in order; checkpoint {checkpoint}\n")
    path.write_bytes(b"".join(lines[:4]))
    assert verify_audit()[0] == 0
    status, said = verify_audit("--checkpoint", checkpoint)
    assert (status, "line 5 is missing" in said) == (1, True)
    path.write_bytes(b"".join(lines).replace(b'"c2"', b'"c9"'))
    status, said = verify_audit()
    assert (status, "line 3 was changed" in said) == (1, True)
    path.unlink()
    assert verify_audit()[0] == 2
    with pytest.raises(SystemExit):
        verify_audit("--checkpoint", "latest")
