"""The services: does each say of itself that it is well."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from services.cli.doctor.findings import Line, failing, ok

TIMEOUT = 5.0


def check_services(addresses: Mapping[str, str], client: httpx.Client) -> Iterator[Line]:
    """``addresses`` are base URLs by service; all are asked at the same time."""
    with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        yield from pool.map(lambda item: _ask(client, *item), addresses.items())


def _ask(client: httpx.Client, name: str, address: str) -> Line:
    what = f"service {name}"
    try:
        answer = client.get(f"{address}/healthz", timeout=TIMEOUT)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return failing(
            what, f"{address} does not answer ({type(error).__name__})", "start it, or look at its log"
        )
    if answer.is_success:
        return ok(what, f"{address} is well")
    return failing(what, f"{address}: {_faults(answer)}", "do what it says; its log has more")


def _faults(answer: httpx.Response) -> str:
    """Both shapes of /healthz: the HTTP services' checks and the workers' faults."""
    try:
        body: Any = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        checks = body.get("checks", {})
        failed = [f"{name}: {one.get('detail')}" for name, one in checks.items() if not one.get("ready")]
        faults = [*failed, *map(str, body.get("faults", ()))]
        if faults:
            return "; ".join(faults)
    return f"answers {answer.status_code}"
