"""The one place where the local stack creates Trackgate's topics."""

from collections.abc import Callable

from deploy.local.errors import NotReady
from shared.stream.admin import TopicResult, create_topics

CreateTopics = Callable[[str, int], tuple[TopicResult, ...]]


def create_all_topics(bootstrap_servers: str, partitions: int) -> tuple[TopicResult, ...]:
    """Safe to repeat; blocks.

    Raises:
        NotReady: a topic cannot be used as it is; the message says what to do.
    """
    results = create_topics(bootstrap_servers, partitions)
    unusable = [f"  {result.name}: {result.detail}" for result in results if not result.usable]
    if unusable:
        raise NotReady("some topics are not as the services need them:\n" + "\n".join(unusable))
    return results
