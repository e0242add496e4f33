"""A model file is used only when it is the recorded one."""

import shutil
from pathlib import Path

import pytest

from services.voice_matcher.manifest import MODEL_FOLDER, read_manifest, read_verified
from shared.errors import SettingsError


def test_every_shipped_file_is_the_recorded_one() -> None:
    for name, file in read_manifest().files.items():
        assert len(read_verified(name)) == file.bytes


def test_every_shipped_file_is_named_in_the_notice_and_the_card() -> None:
    notice, card = ((MODEL_FOLDER / name).read_text() for name in ("NOTICE", "MODEL_CARD.md"))
    for name in read_manifest().files:
        assert name in notice
        assert name in card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("manifest.json", "calibration.json"):
        shutil.copy(MODEL_FOLDER / name, tmp_path / name)
    return tmp_path


def test_a_changed_file_is_refused(folder: Path) -> None:
    with (folder / "calibration.json").open("ab") as file:
        file.write(b" ")
    with pytest.raises(SettingsError, match="damaged or replaced"):
        read_verified("calibration.json", folder)


def test_a_missing_file_says_what_to_do(folder: Path) -> None:
    (folder / "calibration.json").unlink()
    with pytest.raises(SettingsError, match="fetch the repository again"):
        read_verified("calibration.json", folder)


def test_a_file_that_nobody_recorded_is_refused(folder: Path) -> None:
    (folder / "other.onnx").write_bytes(b"x")
    with pytest.raises(SettingsError, match="not in"):
        read_verified("other.onnx", folder)
