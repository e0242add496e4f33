"""Makes the pinned list of jars: ``python -m deploy.local.pin_kafka 4.4.0``.

For a person who moves Trackgate to another Kafka: resolves what the broker needs, downloads it, and writes
each file's SHA-256. Look at the difference before it is committed.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from deploy.local.kafka_jars import LOCK_FILE, JarLock, PinnedJar, sha256_of

_BROKER = "org.apache.kafka:kafka_2.13:{}"
_LOG4J_CORE = "log4j-core"
_SLF4J_BINDING = ("org.apache.logging.log4j", "log4j-slf4j-impl")


def pin(version: str, repository: Path) -> JarLock:
    """Downloads into ``repository``.

    The binding of slf4j 1.7 to log4j 2 is added by itself, in the version of Kafka's own log4j-core: resolved
    together with the broker, jgo would take the binding's dependency management for the broker's.
    """
    from jgo.maven import MavenContext  # noqa: PLC0415 - an optional extra

    context = MavenContext(repo_cache=repository, timeout=60)
    inputs, transitive = context.resolver.resolve([context.create_dependency(_BROKER.format(version))])
    artifacts: list[Any] = [dependency.artifact for dependency in (*inputs, *transitive)]
    log4j = next(artifact for artifact in artifacts if artifact.artifactId == _LOG4J_CORE)
    artifacts.append(context.project(*_SLF4J_BINDING).at_version(log4j.version).artifact())
    jars = {_pinned(artifact) for artifact in artifacts}
    return JarLock(kafka_version=version, jars=tuple(sorted(jars, key=lambda jar: jar.coordinate)))


def _pinned(artifact: Any) -> PinnedJar:
    path = Path(artifact.resolve())
    return PinnedJar(
        coordinate=f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}",
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
    )


def main() -> None:
    (version,) = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        lock = pin(version, Path(folder))
    LOCK_FILE.write_text(lock.model_dump_json(indent=2) + "\n")
    print(f"{len(lock.jars)} jars, {sum(jar.bytes for jar in lock.jars) / 1e6:.1f} MB: {LOCK_FILE}")


if __name__ == "__main__":
    main()
