"""The object store: can it be written, and is there room."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from services.cli.doctor.findings import Line, failing, ok, warn

GIB = 1 << 30
LITTLE = 10 * GIB
TOO_LITTLE = 2 * GIB
"""As large as the largest upload: below it one can fail half-way."""


def check_store(root: Path) -> Iterator[Line]:
    if not root.is_dir():
        yield warn(
            "object store",
            f"{root} is not there",
            "the first service to start makes it; or set TRACKGATE_STORE",
        )
        return
    try:
        with tempfile.NamedTemporaryFile(dir=root, prefix=".doctor-") as file:
            file.write(b"written by `trackgate doctor`")
            file.flush()
    except OSError as error:
        if error.errno == errno.EROFS:
            yield warn(
                "object store", f"{root} is mounted read-only here", "the services' /healthz tell more"
            )
            return
        advice = "give this user the right to write there, or free the disk"
        yield failing("object store", f"{root} cannot be written: {error.strerror}", advice)
        return
    yield room_line(root, shutil.disk_usage(root).free)


def room_line(root: Path, free: int) -> Line:
    told = f"{root} is writable, {free / GIB:.1f} GiB free"
    if free < TOO_LITTLE:
        return failing("object store", told, "free the disk: uploads of up to 2 GiB must fit")
    if free < LITTLE:
        return warn("object store", told, "it will be full soon")
    return ok("object store", told)
