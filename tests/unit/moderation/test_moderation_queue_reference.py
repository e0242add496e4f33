"""The reference queue against the rules of claims, leases and tokens."""

from hypothesis import settings

from tests.unit.moderation.memory_queue import MemoryQueue
from tests.unit.moderation.queue_draws import LEASE, UNDO
from tests.unit.moderation.queue_machine import QueueMachine


class ReferenceMachine(QueueMachine):
    def make(self) -> MemoryQueue:
        return MemoryQueue(self.clock, lease=LEASE, undo_for=UNDO)


TestReferenceQueue = ReferenceMachine.TestCase
TestReferenceQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
