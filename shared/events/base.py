"""What all events share: frozen, tolerant of fields that a newer writer added."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.errors import ContractError

TrackId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
Territory = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|Worldwide)$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """A frozen value inside an event. Unknown fields are ignored: changes are additive."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Record):
    """Something that happened, as it lies on a topic (JSON value, CloudEvents headers).

    ``event_id`` is deterministic (see shared.ids): a repeat of the same step carries the same id.
    """

    event_type: ClassVar[str]
    event_id: str
    occurred_at: AwareDatetime

    @property
    def partition_key(self) -> str:
        """The Kafka key: all events with the same key stay in order."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, value: bytes | None) -> Self:
        """Parse a record's value.

        Raises:
            ContractError: the value is absent, not JSON, or not this event. The message names the
                fields at fault and quotes no content.
        """
        if value is None:
            raise ContractError(f"{cls.__name__}: the record has no value")
        try:
            return cls.model_validate_json(value)
        except ValidationError as error:
            faults: list[Any] = error.errors(include_input=False, include_url=False)
            named = "; ".join(
                ": ".join(filter(None, (_path(fault["loc"]), fault["msg"]))) for fault in faults[:8]
            )
            raise ContractError(f"{cls.__name__}: {named}") from error


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))


class TimeRange(Record):
    """A stretch of a recording, in seconds from its start."""

    start: Annotated[float, Field(ge=0.0)]
    end: Annotated[float, Field(ge=0.0)]


__all__ = ["Event", "Probability", "Record", "Sha256", "Slug", "Territory", "TimeRange", "TrackId"]
