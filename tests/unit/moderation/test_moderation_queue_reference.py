"""The reference queue against the rules of claims, leases and tokens."""

from hypothesis import settings
from memory_queue import MemoryQueue
from queue_machine import LEASE, QueueMachine


class ReferenceMachine(QueueMachine):
    def make(self) -> MemoryQueue:
        return MemoryQueue(self.clock, lease=LEASE)


TestReferenceQueue = ReferenceMachine.TestCase
TestReferenceQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
