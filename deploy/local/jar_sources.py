"""The two ways to Maven artifacts: jgo, which is pure Python, and the ``mvn`` command."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.local.kafka_jars import JarSource, PinnedJar

_HTTP_TIMEOUT_S = 60
_MVN_TIMEOUT_S = 900
_POM_DEPENDENCY = (
    "<dependency><groupId>{0.group}</groupId><artifactId>{0.artifact}</artifactId><version>{0.version}</version>"
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
)
_POM = (
    "<project><modelVersion>4.0.0</modelVersion><groupId>trackgate</groupId><artifactId>kafka-jars</artifactId>"
    "<version>1</version><dependencies>{}</dependencies></project>"
)


class JgoSource:
    name = "jgo"

    def unavailable(self) -> str | None:
        if importlib.util.find_spec("jgo") is None:
            return "not installed (it belongs to the extra local-stack)"
        return None

    def fetch(self, jars: Sequence[PinnedJar], staging: Path) -> Iterator[tuple[PinnedJar, Path]]:
        from jgo.maven import MavenContext  # noqa: PLC0415 - an optional extra

        context = MavenContext(repo_cache=staging, timeout=_HTTP_TIMEOUT_S)
        for jar in jars:
            component = context.project(jar.group, jar.artifact).at_version(jar.version)
            try:
                path = component.artifact().resolve()
            except RuntimeError as error:  # how jgo says that no repository has it
                raise FileNotFoundError(str(error)) from error
            yield jar, Path(path)


class MvnSource:
    name = "mvn"

    def unavailable(self) -> str | None:
        return None if shutil.which("mvn") else "no mvn on PATH"

    def fetch(self, jars: Sequence[PinnedJar], staging: Path) -> Iterator[tuple[PinnedJar, Path]]:
        dependencies = "".join(_POM_DEPENDENCY.format(jar) for jar in jars)
        (staging / "pom.xml").write_text(_POM.format(dependencies))
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
        try:
            subprocess.run(
                command, cwd=staging, check=True, capture_output=True, text=True, timeout=_MVN_TIMEOUT_S
            )
        except subprocess.CalledProcessError as error:
            raise OSError(f"exit status {error.returncode}: {error.stdout[-800:]}") from error
        except subprocess.TimeoutExpired as error:
            raise OSError(f"no end after {_MVN_TIMEOUT_S} s") from error
        for jar in jars:
            yield jar, staging / "jars" / jar.filename


def default_sources() -> tuple[JarSource, ...]:
    return (JgoSource(), MvnSource())
