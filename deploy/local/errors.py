"""What can go wrong while the local stack is brought up. Every message says what to do about it.

LocalStackError
├── ChecksumMismatch     a fetched jar is not the pinned one
├── JarsUnavailable      no way to the jars led anywhere
├── JavaMissing          neither the machine nor the wheel has a Java 17+
├── ServerMissing        no Valkey or Redis server to start
├── PreflightFailed      a port, the disk or a folder stands in the way
├── NotReady             a process did not become ready, or died first
├── StackUnhealthy       a service crashed more often than the restart policy allows
├── SeedingFailed        what the samples need could not be given to the services
└── ScreeningFailed      a sample could not be delivered, or was not decided
"""

from shared.errors import TrackgateError


class LocalStackError(TrackgateError):
    """Root of this tree."""


class ChecksumMismatch(LocalStackError):
    """A fetched jar is not the pinned one; it was deleted."""


class JarsUnavailable(LocalStackError):
    """Kafka's jars cannot be had; the message holds what each way answered."""


class JavaMissing(LocalStackError):
    """No Java 17 or newer was found."""


class ServerMissing(LocalStackError):
    """A server binary that the stack needs is not installed."""


class PreflightFailed(LocalStackError):
    """A port is taken, the disk is too full, or a folder cannot be written."""


class NotReady(LocalStackError):
    """A process died or missed its deadline; the message holds the last lines of its log."""


class StackUnhealthy(LocalStackError):
    """A service used up its restarts."""


class SeedingFailed(LocalStackError):
    """Distributors, artists, grants or reviewers of the samples cannot be had."""


class ScreeningFailed(LocalStackError):
    """A sample could not be delivered or got no decision; the message says what is missing."""
