"""The audit log as a chain: every record carries the hash of the one before it.

A record is one line of canonical JSON (keys sorted, no blanks, UTF-8; for strings and integers this is
RFC 8785). ``hash`` is the SHA-256 of the record without it, and ``prev`` is the ``hash`` of the line before,
64 zeros in the first. So a change, a deletion in the middle or another order breaks the chain where it was
done. A tail that was cut off breaks nothing, and whoever can write the file can write all of it anew: against
both helps a checkpoint (number and hash of a record) kept where the writer of the file cannot reach.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64
MAX_LINE_BYTES = 16_384
_OWN = frozenset({"seq", "at", "deed", "prev", "hash"})
_ID = re.compile(r"[!-~]{0,200}")
_CHECKPOINT = re.compile(r"(\d{1,15}):([0-9a-f]{64})")

Value = str | int | None


@dataclass(frozen=True)
class Checkpoint:
    """A record that is known to have been written. ``seq`` 0 stands for the empty log."""

    seq: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises ValueError: not ``NUMBER:HASH``."""
        found = _CHECKPOINT.fullmatch(text.strip())
        if found is None:
            raise ValueError("a checkpoint is NUMBER:HASH, as the verification prints it")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


EMPTY = Checkpoint(0, GENESIS)


@dataclass(frozen=True)
class Whole:
    """Every record is there, as written and in order. ``head`` is the checkpoint to keep."""

    head: Checkpoint


@dataclass(frozen=True)
class Broken:
    """``line`` is the first that is not what was written there; counted from 1."""

    line: int
    why: str


def entry_of(at: str, deed: str, about: Mapping[str, Value]) -> dict[str, Value]:
    """What happened, as it goes into the log: ids and numbers only.

    A text that is no id (free text has blanks, names have letters beyond ASCII) is kept as its digest: it can
    be compared with a text that someone has, and read by nobody.

    Raises:
        ValueError: ``about`` uses a name that the chain needs itself.
    """
    if taken := _OWN & about.keys():
        raise ValueError(f"the audit log itself sets {', '.join(sorted(taken))}")
    told = {name: _as_id(value) for name, value in about.items()}
    return {"at": at, "deed": deed, **told}


def chained(entry: Mapping[str, Value], after: Checkpoint) -> tuple[bytes, Checkpoint]:
    """The entry's line behind the record ``after``, and its own checkpoint."""
    record: dict[str, Value] = {**entry, "seq": after.seq + 1, "prev": after.hash}
    digest = _digest(record)
    return canonical({**record, "hash": digest}) + b"\n", Checkpoint(after.seq + 1, digest)


def canonical(record: Mapping[str, Value]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def checkpoint_of(line: bytes) -> Checkpoint | Broken:
    """The checkpoint of one line by itself (``Broken.line`` is 0: its place is not known here)."""
    try:
        record = json.loads(line)
    except ValueError:
        return Broken(0, "is not JSON")
    if not isinstance(record, dict) or not isinstance(record.get("hash"), str):
        return Broken(0, "is not a record of a chained audit log")
    if not isinstance(record.get("seq"), int) or not isinstance(record.get("prev"), str):
        return Broken(0, "has no number or does not name the record before it")
    if canonical(record) != line.removesuffix(b"\n"):
        return Broken(0, "is not in canonical form: it was rewritten")
    if _digest({name: value for name, value in record.items() if name != "hash"}) != record["hash"]:
        return Broken(0, "was changed: its content does not have its hash")
    return Checkpoint(record["seq"], record["hash"])


def verify(lines: Iterable[bytes], checkpoint: Checkpoint | None = None) -> Whole | Broken:
    """Check every line against the one before it, and the log against what was known of it."""
    head = EMPTY
    for line in lines:
        found = _following(head, line)
        if isinstance(found, Broken):
            return found
        head = found
        if checkpoint is not None and checkpoint.seq == head.seq and checkpoint.hash != head.hash:
            return Broken(head.seq, "is not the record that the checkpoint names: the log was written anew")
    if checkpoint is not None and checkpoint.seq > head.seq:
        return Broken(
            head.seq + 1, f"is missing: the checkpoint names record {checkpoint.seq}, and the tail is gone"
        )
    return Whole(head)


def _following(head: Checkpoint, line: bytes) -> Checkpoint | Broken:
    here = head.seq + 1
    if not line.endswith(b"\n"):
        return Broken(here, "ends in the middle")
    found = checkpoint_of(line)
    if isinstance(found, Broken):
        return Broken(here, found.why)
    if found.seq != here:
        return Broken(here, f"is record {found.seq} where record {here} was written")
    if json.loads(line)["prev"] != head.hash:
        return Broken(here, "does not follow the record before it")
    return found


def _as_id(value: Value) -> Value:
    if not isinstance(value, str) or _ID.fullmatch(value):
        return value
    return f"sha256:{hashlib.sha256(value.encode(errors='surrogatepass')).hexdigest()}"


def _digest(record: Mapping[str, Value]) -> str:
    return hashlib.sha256(canonical(record)).hexdigest()
