"""Whose name a credit is, and what the registry answers."""

import pytest

from services.policy.names import credits_of, keys_of, parts_of
from services.policy.registry import Registry
from shared.events import Contributor, Declaration
from tests.support.policy import ARTISTS, a_grant, an_artist


@pytest.mark.parametrize(
    "written",
    [
        "Mara Lind",
        "mara lind",
        "MARA  LIND",
        "Mára Lïnd",
        "Mara-Lind",
        "MaraLind",
        "M\u200bara Lind",
        "\u041c\u0430ra Lind",
        "Mara Lind Official",
        "\uff2d\uff41\uff52\uff41 Lind",
    ],
)
def test_one_name_however_it_is_written(written: str) -> None:
    assert [artist.artist_id for artist in Registry(ARTISTS).named(written)] == ["mara-lind"]


@pytest.mark.parametrize("other", ["Mara", "Lind", "Mara Lindqvist", "Tamara Lind", "Lind Mara", "", "!!!"])
def test_another_name_is_another_name(other: str) -> None:
    assert Registry(ARTISTS).named(other) == ()


def test_a_leading_article_is_no_part_of_a_name() -> None:
    registry = Registry([an_artist("weekend", name="The Weekend", aliases=())])
    assert [artist.artist_id for artist in registry.named("weekend")] == ["weekend"]
    assert keys_of("The The") != keys_of("")


@pytest.mark.parametrize(
    ("credit", "parts"),
    [
        ("A feat. B", {"A", "B"}),
        ("A ft B & C", {"A", "B", "C"}),
        ("A x B", {"A", "B"}),
        ("A, B / C", {"A", "B", "C"}),
        ("A (with B)", {"A", "with B"}),
        ("Axel Featherstone", {"Axel Featherstone"}),
    ],
)
def test_a_credit_is_taken_apart_where_names_are_joined(credit: str, parts: set[str]) -> None:
    assert set(parts_of(credit)) == {credit, *parts}


def test_credits_say_where_they_stand_and_whether_they_perform() -> None:
    declaration = Declaration(
        title="Song (feat. C)",
        display_artist="A",
        contributors=(Contributor(name="B", role="Composer-Lyricist"), Contributor(name="D", role="Vocals")),
    )
    found = {(credit.name, credit.where, credit.performing) for credit in credits_of(declaration)}
    assert found == {
        ("A", "display_artist", True),
        ("C", "title", True),
        ("B", "Composer-Lyricist", False),
        ("D", "Vocals", True),
    }


def test_the_registry_follows_every_change() -> None:
    registry = Registry(ARTISTS, [a_grant()])
    registry.put_artist("mara-lind", an_artist(name="Mara Berg", aliases=()))
    assert registry.named("Mara Lind") == ()
    assert len(registry.named("Mara Berg")) == 1
    registry.put_artist("mara-lind", an_artist(name="Mara Berg", status="withdrawn"))
    assert registry.named("Mara Berg") == ()
    assert registry.artist("mara-lind") is not None
    registry.put_artist("mara-lind", None)
    assert registry.artist("mara-lind") is None
    assert [grant.grant_id for grant in registry.grants_of("mara-lind")] == ["g1"]
    registry.put_grant("g1", a_grant(artist_id="soeren-aas"))
    assert registry.grants_of("mara-lind") == ()
    registry.put_grant("g1", None)
    assert registry.grants_of("soeren-aas") == ()
