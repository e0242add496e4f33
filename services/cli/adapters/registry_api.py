"""The registry's API over HTTP."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from services.cli.adapters import http
from services.cli.problems import body_of


class RegistryApi:
    """Every call blocks and raises Refusal when the registry refuses."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **query: str) -> Any:
        return body_of(self._client.get(path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return body_of(self._client.post(path, json=body) if body is not None else self._client.post(path))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return body_of(self._client.put(path, json=body))

    def delete(self, path: str) -> Any:
        return body_of(self._client.delete(path))

    def enrol(self, artist_id: str, form: dict[str, Any], references: Sequence[Path]) -> Any:
        with ExitStack() as stack:
            parts: list[tuple[str, Any]] = [("artist", (None, json.dumps(form)))]
            parts += [
                ("references", (path.name, stack.enter_context(path.open("rb")))) for path in references
            ]
            return body_of(self._client.put(f"/v1/artists/{artist_id}", files=parts))


@contextmanager
def registry_api(base_url: str, token: str) -> Iterator[RegistryApi]:
    headers = {"Authorization": f"Bearer {token}"}
    with http.client(base_url, headers) as client:
        yield RegistryApi(client)
