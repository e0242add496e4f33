"""Reads what a file declares of its provenance (C2PA), in a sandboxed child, offline. Blocks."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from services.ai_detector.provenance import provenance_of, unreadable
from shared.audio.sandbox import opened
from shared.errors import SettingsError, SystemicError
from shared.events.finding import Provenance

_MARK = b"jumdc2pa"
"""The description box of a manifest store (ISO 19566-5: `jumd`, then the UUID that begins with `c2pa`)."""
_REMOTE = b"dcterms:provenance"
"""The property of XMP metadata that points to a manifest elsewhere (C2PA 2, section 11.4)."""
_OVERLAP = max(len(_MARK), len(_REMOTE)) - 1
_PIECE_BYTES = 1 << 20
_WALL_SECONDS = 30.0
_MOST_BYTES = 4 << 20
_BOOT = (
    "import json, sys\n"
    "job = json.load(sys.stdin)\n"
    "sys.path += job['libraries']\n"
    "from services.ai_detector.adapters.c2pa_child import main\n"
    "main(job)\n"
)


@dataclass(frozen=True, slots=True)
class TrustList:
    """Certificates (PEM) that signers must chain to. Without any, whoever signed is untrusted."""

    anchors: str | None = None

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read a PEM file.

        Raises:
            SettingsError: it cannot be read or holds no certificate.
        """
        if path is None:
            return cls()
        try:
            anchors = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"TRACKGATE_AI_DETECTOR_C2PA_TRUST: {path}: {error}") from error
        if "-----BEGIN CERTIFICATE-----" not in anchors:
            raise SettingsError(f"TRACKGATE_AI_DETECTOR_C2PA_TRUST: {path} holds no PEM certificate")
        return cls(anchors)


NOBODY = TrustList()


def read_provenance(path: Path, trust: TrustList) -> Provenance | None:
    """What the file declares; None where it carries no manifest (a search of its bytes, no process).

    A manifest that lies elsewhere is not fetched. Whatever the manifest does to its reader, the answer is a
    Provenance: `unreadable` at worst.

    Raises:
        ObjectMissing, StoreUnavailable: the file cannot be opened.
        SystemicError: the child could not be started.
    """
    with opened(path) as descriptor:
        marked = _mark(descriptor)
        if marked is None:
            return None
        answer = _asked(descriptor, trust)
    if "report" in answer:
        return provenance_of(answer["report"])
    if "absent" in answer:
        return unreadable("it lies elsewhere and is not fetched") if marked == _REMOTE else None
    return unreadable(str(answer.get("unreadable", "no answer")))


def _mark(descriptor: int) -> bytes | None:
    """The first mark in the file, sought in pieces that overlap: a mapping would count as memory."""
    at, tail = 0, b""
    while piece := os.pread(descriptor, _PIECE_BYTES, at):
        looked_at = tail + piece
        for mark in (_MARK, _REMOTE):
            if mark in looked_at:
                return mark
        tail = looked_at[-_OVERLAP:]
        at += len(piece)
    return None


def _asked(descriptor: int, trust: TrustList) -> dict[str, Any]:
    job = {"libraries": _libraries(), "audio": descriptor, "anchors": trust.anchors}
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", _BOOT],
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            env={},
            cwd="/",
            timeout=_WALL_SECONDS,
            check=False,
            start_new_session=True,
        )
    except OSError as error:
        raise SystemicError(f"the reader of manifests could not be started: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        return {"unreadable": "took too long"}
    if child.returncode != 0 or len(child.stdout) > _MOST_BYTES:
        return {"unreadable": "its reader broke down on it"}
    try:
        answer = json.loads(child.stdout)
    except (ValueError, RecursionError):
        return {"unreadable": "its reader answered nonsense"}
    return answer if isinstance(answer, dict) else {}


@lru_cache(maxsize=1)
def _libraries() -> tuple[str, ...]:
    """Where the child imports from: this tree, and the folder that c2pa is installed in."""
    found = find_spec("c2pa")
    if found is None or found.origin is None:
        raise SystemicError("c2pa-python is not installed")
    return str(Path(__file__).resolve().parents[3]), str(Path(found.origin).resolve().parents[1])
