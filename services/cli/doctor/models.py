"""The model files of the detectors that are installed here: all there, and the ones that were measured."""

import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from services.cli.doctor.findings import Line, failing, ok, warn

MANIFEST = "manifest.json"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str


class _Manifest(BaseModel):
    """As each detector writes it beside its model files."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    files: dict[str, _File]


def model_folders() -> list[tuple[str, Path]]:
    """Service and folder of every detector that is installed here."""
    spec = find_spec("services")
    roots = [Path(root) for root in spec.submodule_search_locations or ()] if spec else []
    return [(folder.parent.name, folder) for root in roots for folder in sorted(root.glob("*/model"))]


def check_models(folders: list[tuple[str, Path]]) -> Iterator[Line]:
    if not folders:
        yield ok("models", "no detector is installed here")
    for service, folder in folders:
        yield from _service(service, folder)


def _service(service: str, folder: Path) -> Iterator[Line]:
    what = f"model {service}"
    try:
        manifest = _Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        told = f"{folder.name} has no {MANIFEST}: its files cannot be checked here"
        yield warn(what, told, "the detector itself checks what it loads")
        return
    except (OSError, ValidationError) as error:
        yield failing(
            what, f"{MANIFEST} cannot be read ({type(error).__name__})", "install the service again"
        )
        return
    faults = list(_faults(folder, manifest))
    for name, told in faults:
        yield failing(what, f"{name} {told}", "install the service again")
    if not faults:
        yield ok(what, f"{manifest.version}: {', '.join(sorted(manifest.files))}")


def _faults(folder: Path, manifest: _Manifest) -> Iterator[tuple[str, str]]:
    for name, file in manifest.files.items():
        try:
            with (folder / name).open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            yield name, f"cannot be read: {error.strerror}"
            continue
        if digest != file.sha256:
            yield name, "is not the file that was measured (SHA-256 differs)"
