"""The short-lived process in which a C2PA manifest is read. Never imported by the service.

The parser of the manifest is native code and the bytes are a stranger's: no network, no files, bounded memory
and time. One line of JSON comes out: the isolation that held, then the report or what went wrong.
"""

import io
import json
import os
import sys
from typing import Any

import c2pa

from shared.audio.isolation import isolate

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}


def main(job: dict[str, Any]) -> None:
    """Entry point; ``job`` is made by the reader: ``audio`` is a descriptor, ``anchors`` PEM or None."""
    held = isolate(memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    answer = {"isolation": held} | _read(job["audio"], job["anchors"])
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # what the native library would tidy up is gone with the process


def _read(descriptor: int, anchors: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {"verify": _OFFLINE}
    if anchors is not None:
        settings["trust"] = {"trust_anchors": anchors}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            io.FileIO(descriptor) as audio,
            c2pa.Reader(None, audio, None, context) as reader,
        ):
            return {"report": json.loads(reader.json())}
    except c2pa.C2paError.ManifestNotFound:
        return {"absent": True}
    except c2pa.C2paError as error:
        return {"unreadable": type(error).__name__.strip("_").removeprefix("C2pa") or "error"}
