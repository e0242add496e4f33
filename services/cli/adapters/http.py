"""How the command line speaks HTTP: the one place where its clients are made."""

from collections.abc import Mapping

import httpx

PATIENT = httpx.Timeout(30.0, read=300.0, write=300.0)
"""An upload of gigabytes is decoded before it is answered."""


def async_client(base_url: str, headers: Mapping[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base_url, headers=dict(headers), timeout=PATIENT)


def client(base_url: str, headers: Mapping[str, str]) -> httpx.Client:
    return httpx.Client(base_url=base_url, headers=dict(headers), timeout=PATIENT)
