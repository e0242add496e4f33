"""Files with secrets: whole, durable, for their owner alone, and made once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.private_files import make_private, write_private


@pytest.mark.parametrize("write", [write_private, make_private])
def test_only_the_owner_reads_it_whatever_the_umask(write, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path / "keys" / "one.key", b"secret")
    finally:
        os.umask(before)
    file = tmp_path / "keys" / "one.key"
    assert file.read_bytes() == b"secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_writing_takes_the_place_of_a_file_that_others_could_read(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o600)


def test_a_reader_of_the_old_file_still_reads_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    write_private(file, b"old and long")
    with file.open("rb") as reading:
        write_private(file, b"new")
        assert reading.read() == b"old and long"


def test_of_many_who_make_it_at_once_one_content_stands(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    contents = [f"maker {number}".encode() * 1000 for number in range(16)]

    def make(content: bytes) -> bytes:
        make_private(file, content)
        return file.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(make, contents))
    assert len(seen) == 1
    assert seen <= set(contents)


@pytest.mark.parametrize("write", [write_private, make_private])
def test_nothing_is_left_beside_it(write, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        write(tmp_path / "one.key", content)
    assert [path.name for path in tmp_path.iterdir()] == ["one.key"]


@pytest.mark.parametrize("write", [write_private, make_private])
def test_a_name_that_cannot_be_taken_leaves_nothing_behind(write, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "one.key", b"secret")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
