"""What a piece of work cost."""

import os
import time


def cpu_seconds() -> float:
    """Of this process and of the children that it started and has waited for (the decoders), so far."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system
