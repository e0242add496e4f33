"""The model files that ship with the service, checked against their recorded SHA-256 before they are used."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.errors import SettingsError

MODEL_FOLDER = Path(__file__).parent / "model"


class ModelFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    bytes: int
    about: str
    licence: str


class Manifest(BaseModel):
    """``version`` names the whole set: it goes into every finding as ``model_version``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    files: dict[str, ModelFile]


def read_manifest(folder: Path = MODEL_FOLDER) -> Manifest:
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def read_verified(name: str, folder: Path = MODEL_FOLDER) -> bytes:
    """The bytes of a model file.

    Raises:
        SettingsError: the file is missing, not listed in the manifest, or not the file that was recorded.
    """
    listed = read_manifest(folder).files.get(name)
    if listed is None:
        raise SettingsError(f"model file {name} is not in {folder / 'manifest.json'}")
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError as missing:
        raise SettingsError(f"model file {folder / name} is missing: fetch the repository again") from missing
    if hashlib.sha256(content).hexdigest() != listed.sha256:
        raise SettingsError(
            f"model file {folder / name} is damaged or replaced: SHA-256 differs from the manifest"
        )
    return content
