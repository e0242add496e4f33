"""The order of the queue, the words it is searched by, and who may hear what."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.access import Reviewer, Right, Role
from services.moderation.domain.cases import (
    Case,
    CaseState,
    CaseSummary,
    Claim,
    case_id_of,
    review_id_of,
    summarise,
)
from services.moderation.domain.words import words_of
from tests.support.events import an_upload
from tests.unit.moderation.desk_fakes import NOW, a_decision

BASE = summarise(a_decision(), an_upload(1))
days = st.dates(min_value=date(1970, 1, 1), max_value=date(2300, 1, 1))
moments = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


def a_summary(priority: int, day: date | None, opened: datetime) -> CaseSummary:
    return BASE.model_copy(update={"priority": priority, "release_date": day, "opened_at": opened})


@given(
    st.tuples(st.integers(0, 100), st.none() | days, moments),
    st.tuples(st.integers(0, 100), st.none() | days, moments),
)
def test_priority_goes_before_release_date_and_that_before_age(
    one: tuple[int, date | None, datetime], other: tuple[int, date | None, datetime]
) -> None:
    def place(case: tuple[int, date | None, datetime]) -> tuple[int, date, datetime]:
        return -case[0], case[1] or date.max, case[2].replace(microsecond=0)

    first, second = a_summary(*one), a_summary(*other)
    assert (first.order < second.order) == (place(one) < place(other))
    assert float(first.order) == first.order


@given(st.none() | st.dates(), st.datetimes(timezones=st.just(UTC)))
def test_no_date_leaves_its_bits(day: date | None, opened: datetime) -> None:
    urgent, idle = a_summary(100, day, opened), a_summary(0, day, opened)
    assert 0 <= urgent.order < idle.order < 2**53


def test_words_are_found_whatever_their_case_and_accents() -> None:
    assert words_of("Beyoncé: DÉJÀ-vu", "US-ABC") == {"beyonce", "deja", "vu", "us", "abc"}
    assert "word:song" in BASE.indexes
    assert "distributor:northwind" in BASE.indexes
    assert "reason:ai_contradicts_declaration" in BASE.indexes


def test_ids_follow_from_what_they_name() -> None:
    assert case_id_of(BASE.track_id) == BASE.case_id
    assert review_id_of("c", 1) == review_id_of("c", 1)
    assert len({review_id_of("c", 1), review_id_of("c", 2), review_id_of("d", 1)}) == 3


def reviewer(role: Role) -> Reviewer:
    return Reviewer(reviewer_id="ada", name="Ada", role=role, token_sha256="ab" * 32)


@pytest.mark.parametrize(
    ("role", "holder", "hears"),
    [
        (Role.VIEWER, "ada", False),
        (Role.MODERATOR, None, False),
        (Role.MODERATOR, "ben", False),
        (Role.MODERATOR, "ada", True),
        (Role.SENIOR, None, True),
        (Role.SENIOR, "ben", True),
    ],
)
def test_who_may_hear_a_recording(role: Role, holder: str | None, hears: bool) -> None:  # noqa: FBT001 - a table
    claim = Claim(reviewer_id=holder, token=7, until=NOW + timedelta(minutes=1)) if holder else None
    case = Case(summary=BASE, state=CaseState.OPEN, claim=claim)
    assert reviewer(role).may_hear(case) is hears


def test_a_viewer_reads_and_does_nothing_else() -> None:
    assert [right for right in Right if reviewer(Role.VIEWER).may(right)] == [Right.READ]
