"""What the OpenAPI document says beyond the types: the streamed body, errors, and examples that teach."""

from typing import Any

from services.ingest.declaring import TrackForm
from shared.http import Problem
from shared.http.problem import MEDIA_TYPE

TITLE = "Trackgate ingest"
DESCRIPTION = """
Deliver recordings and learn what became of them. Every track ends **published**, **labelled** or
**quarantined**, with reasons.

```sh
curl -H "Authorization: Bearer $KEY" -H 'Idempotency-Key: release-42-track-1' \\
     -F 'metadata={"title": "Night Bus", "display_artist": "Ada Example", "ai_use": "none"}' \\
     -F audio=@night-bus.flac  http://127.0.0.1:18801/v1/tracks
```

Audio may be FLAC, WAV (linear PCM or float), MP3, Ogg Vorbis or Opus. It is decoded whole before it is
accepted, so a cut or damaged file is refused at once. Every error is an RFC 9457 problem that names the
field and the reason.
"""

_EXAMPLES: dict[str, Any] = {
    "human": {
        "summary": "Made by people, and said so",
        "value": {
            "title": "Night Bus",
            "display_artist": "Ada Example",
            "isrc": "US-S1Z-99-00001",
            "ai_use": "none",
            "contributors": [{"name": "Ada Example", "role": "Vocalist", "ai_use": "none"}],
            "release_date": "2026-12-04",
            "territories": ["Worldwide"],
        },
    },
    "generated vocals": {
        "summary": "Generated vocals over a human recording (DDEX ContainsAI: Partly)",
        "value": {
            "title": "Night Bus (Model Mix)",
            "display_artist": "Ada Example",
            "ai_use": "partly",
            "contributors": [
                {"name": "Ada Example", "role": "Composer", "ai_use": "none"},
                {"name": "GenerativeAI", "role": "Vocalist", "ai_use": "all"},
            ],
        },
    },
    "no statement": {
        "summary": "Says nothing about AI: undeclared, which is not none",
        "value": {"title": "Night Bus", "display_artist": "Ada Example"},
    },
}


def _delivery_schema() -> dict[str, Any]:
    metadata = TrackForm.model_json_schema(ref_template="#/components/schemas/{model}")
    credit = metadata.pop("$defs", {})
    metadata["properties"]["contributors"]["items"] = credit.get("CreditForm", {}) | {}
    ai_use = credit.get("AiUse", {"type": "string"})
    for holder in (metadata, metadata["properties"]["contributors"]["items"]):
        holder["properties"]["ai_use"] = ai_use | {"default": "undeclared"}
    return {
        "type": "object",
        "required": ["metadata", "audio"],
        "properties": {
            "metadata": metadata | {"examples": [example["value"] for example in _EXAMPLES.values()]},
            "audio": {"type": "string", "format": "binary", "description": "the recording"},
        },
    }


DELIVERY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": _delivery_schema(),
                "encoding": {"metadata": {"contentType": "application/json"}},
                "examples": {
                    name: example | {"value": {"metadata": example["value"], "audio": "(the file's bytes)"}}
                    for name, example in _EXAMPLES.items()
                },
            }
        },
    }
}


def _problem(description: str, *, field: str, reason: str, kind: str, status: int) -> dict[str, Any]:
    problem = Problem.of(kind, title=description, status=status)
    example = problem.model_dump(exclude_none=True) | {
        "instance": "/v1/tracks",
        "errors": [{"field": field, "reason": reason}],
    }
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema(), "example": example}},
    }


_WRONG_KEY = _problem(
    "The API key is missing or unknown",
    field="Authorization",
    reason="wants `Bearer` and the API key of a registered distributor",
    kind="wrong-key",
    status=401,
)
_UNAVAILABLE = _problem(
    "Something this service needs does not answer; nothing was accepted",
    field="body",
    reason="send the same request again later",
    kind="unavailable",
    status=503,
)

READ_ERRORS: dict[int | str, dict[str, Any]] = {
    401: _WRONG_KEY,
    404: _problem(
        "You delivered no such track", field="track_id", reason="unknown", kind="no-such-track", status=404
    ),
    503: _UNAVAILABLE,
}

DELIVERY_ERRORS: dict[int | str, dict[str, Any]] = {
    400: _problem(
        "The body is not a delivery",
        field="audio",
        reason="this part is missing",
        kind="malformed-body",
        status=400,
    ),
    401: _WRONG_KEY,
    409: _problem(
        "A request with this idempotency key is being handled",
        field="Idempotency-Key",
        reason="a request with this key is being handled",
        kind="idempotency-key-in-use",
        status=409,
    ),
    413: _problem(
        "The audio file is too large",
        field="audio",
        reason="more than 2147483648 bytes",
        kind="too-large",
        status=413,
    ),
    422: _problem(
        "The metadata or the audio is not valid, or the idempotency key belongs to another request",
        field="metadata.contributors[0].ai_use",
        reason="is all, but the recording is declared none as a whole",
        kind="invalid-metadata",
        status=422,
    ),
    429: _problem(
        "The day's quota is used up",
        field="audio",
        reason="10000 tracks were delivered today (UTC), the most",
        kind="quota-used-up",
        status=429,
    ),
    503: _UNAVAILABLE,
}
