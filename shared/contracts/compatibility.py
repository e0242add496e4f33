"""What may change in a schema: everything that was valid yesterday must be valid tomorrow.

The topics keep tracks for ever and views are rebuilt from their first record, so a reader of today meets
every schema that ever was. Hence: no field removed, none newly required, nothing narrowed. Widening is
allowed; when it adds a value to an enum, deploy the readers before the writers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.breaches import Breach, Incompatibility
from shared.contracts.constraints import limits_narrowed, patterns_narrowed, values_narrowed

Schema = Mapping[str, Any]


def incompatible_events(
    old: Mapping[str, Schema], new: Mapping[str, Schema]
) -> dict[str, tuple[Incompatibility, ...]]:
    """By event type, only those with breaches. A new event type is no breach."""
    breaches: dict[str, tuple[Incompatibility, ...]] = {}
    for event_type, schema in old.items():
        if event_type not in new:
            gone = Incompatibility("$", Breach.EVENT_REMOVED, "records of this type are on the topics")
            breaches[event_type] = (gone,)
        elif found := incompatibilities(schema, new[event_type]):
            breaches[event_type] = found
    return breaches


def incompatibilities(old: Schema, new: Schema) -> tuple[Incompatibility, ...]:
    """Every way in which ``new`` refuses or loses something that ``old`` described.

    Understands what pydantic writes: references into ``$defs``, anyOf, enums, patterns, formats and limits.
    Two different patterns count as narrowed, for nobody can tell in general whether one includes the other.
    """
    comparison = _Comparison(old, new)
    return tuple(dict.fromkeys(comparison.compare(old, new, "$")))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._open: set[tuple[str, str]] = set()

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
        references = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(references):
            if references in self._open:  # a model that contains itself
                return
            self._open.add(references)
        try:
            yield from self._alternatives(_resolve(self._old, old), _resolve(self._new, new), path)
        finally:
            self._open.discard(references)

    def _alternatives(self, old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
        olds = [_resolve(self._old, one) for one in _variants(old)]
        news = [_resolve(self._new, one) for one in _variants(new)]
        for one in olds:
            yield from self._best(one, news, path)

    def _best(self, old: Schema, news: list[Schema], path: str) -> Iterator[Incompatibility]:
        """Some alternative must accept all of ``old``; of those that do not, the nearest is reported."""
        candidates = [new for new in news if _type_accepts(old, new)]
        if not candidates:
            wants = " or ".join(sorted(_type_of(new) for new in news))
            detail = f"{_type_of(old)} was accepted, now only {wants}"
            yield Incompatibility(path, Breach.TYPE_NARROWED, detail)
            return
        yield from min((list(self._same_type(old, new, path)) for new in candidates), key=len)

    def _same_type(self, old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
        yield from values_narrowed(old, new, path)
        yield from patterns_narrowed(old, new, path)
        yield from limits_narrowed(old, new, path)
        if _type_of(new) == "object":
            yield from self._object(old, new, path)
        if _type_of(new) == "array" and "items" in new:
            yield from self.compare(_schema(old.get("items", True)), _schema(new["items"]), f"{path}[]")

    def _object(self, old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required = set(new.get("required", ())) - set(old.get("required", ()))
        for name in before:
            if name not in after:
                detail = "readers still need it, and it is in what was kept"
                yield Incompatibility(_join(path, name), Breach.FIELD_REMOVED, detail)
        for name in sorted(required):
            detail = "records without it were valid"
            yield Incompatibility(_join(path, name), Breach.NEWLY_REQUIRED, detail)
        for name in before:
            if name in after:
                yield from self.compare(before[name], after[name], _join(path, name))
        extra_before, extra_after = (
            old.get("additionalProperties", True),
            new.get("additionalProperties", True),
        )
        if extra_before is not False and extra_after is not True:
            yield from self.compare(_schema(extra_before), _schema(extra_after), f"{path}{{}}")


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _schema(value: Any) -> Schema:
    """``true`` and ``false`` as schemas."""
    if value is True:
        return {}
    if value is False:
        return {"type": "nothing"}
    return dict(value)


def _variants(schema: Schema) -> list[Schema]:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return [variant for one in schema[keyword] for variant in _variants(one)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": one} for one in schema["type"]]
    return [schema]


def _type_of(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _type_accepts(old: Schema, new: Schema) -> bool:
    before, after = _type_of(old), _type_of(new)
    return after in {before, "anything"} or (before, after) == ("integer", "number")


def _join(path: str, name: str) -> str:
    return name if path == "$" else f"{path}.{name}"
