"""No request to anything inside, whatever its name, its form or its DNS says."""

import ipaddress
import ssl

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.adapters.guarded_http import MOST_ANSWER_BYTES, GuardedPost
from services.notifier.domain import Answered, NoAnswer
from shared.webhooks.address import Address, Endpoint, Forbidden, is_public, judge_url

INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/29", "192.0.2.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
        "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64",
    )
]  # fmt: skip
PUBLIC = ipaddress.ip_address("93.184.216.34")
OK = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok"]


def inside() -> st.SearchStrategy[Address]:
    return st.sampled_from(INSIDE).flatmap(
        lambda net: st.ip_addresses(v=4 if net.version == 4 else 6, network=str(net))
    )


inside_v4 = st.sampled_from([net for net in INSIDE if net.version == 4]).flatmap(
    lambda net: st.ip_addresses(v=4, network=str(net))
)


@given(inside())
def test_no_address_inside_is_public(address: Address) -> None:
    assert not is_public(address)


@given(inside_v4, st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "2002::", "2001::"]))
def test_nor_when_an_ipv6_address_carries_it(inner: ipaddress.IPv4Address, wrap: str) -> None:
    number = int(ipaddress.IPv6Address(wrap))
    if wrap == "2002::":
        number |= int(inner) << 80
    elif wrap == "2001::":
        number |= int(inner) ^ 0xFFFFFFFF
    else:
        number |= int(inner)
    assert not is_public(ipaddress.IPv6Address(number))


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(inside())
def test_a_url_with_such_an_address_is_forbidden(address: Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert isinstance(judge_url(f"https://{host}/in", ()), Forbidden)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "ftp://hooks.example/", "https://", "https:///in", "file:///etc/passwd",
        "https://me:secret@hooks.example/", "https://hooks.example/#there", "https://hooks.example:0/",
        "https://hooks.example:99999/", "https://hooks.exam ple/", "https://hooks.example\\@10.0.0.1/",
        "https://b\u00fccher.example/", "gopher://hooks.example/", "https://hooks.example/\r\nX: y", "",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_forbidden(url: str) -> None:
    assert isinstance(judge_url(url, ()), Forbidden)


def test_an_operator_may_allow_one_host_by_name() -> None:
    judged = judge_url("http://127.0.0.1:9/in", ("127.0.0.1",))
    assert judged == Endpoint("http://127.0.0.1:9/in", "127.0.0.1", 9, secure=False, trusted=True)
    assert isinstance(judge_url("http://127.0.0.2:9/in", ("127.0.0.1",)), Forbidden)


class Recording(httpcore.AsyncMockBackend):
    """Answers with canned bytes and remembers what was connected to."""

    def __init__(self, answer: list[bytes]) -> None:
        super().__init__(answer)
        self.connected: list[str] = []

    async def connect_tcp(self, host: str, *args: object, **kwargs: object) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        return await super().connect_tcp(host, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came


def posting(
    backend: httpcore.AsyncNetworkBackend, *rounds: list[str], allowed: tuple[str, ...] = ()
) -> GuardedPost:
    """A post whose names resolve to each of ``rounds`` in turn."""
    turns = iter(rounds)

    async def find(_host: str, _port: int) -> list[Address]:
        return [ipaddress.ip_address(text) for text in next(turns)]

    return GuardedPost(
        allowed_hosts=allowed, total_seconds=5, find=find, tls=ssl.create_default_context(), inner=backend
    )


async def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    backend = Recording(OK)
    post = posting(backend, [str(PUBLIC)], ["127.0.0.1"])  # a second look at the name would lead inside
    assert isinstance(await post("https://hooks.example/in", {}, b"{}"), Answered)
    assert backend.connected == [str(PUBLIC)]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [str(PUBLIC), "10.0.0.1"], ["::ffff:169.254.169.254"]])
async def test_a_name_that_leads_inside_is_not_connected_to(addresses: list[str]) -> None:
    backend = Recording(OK)
    result = await posting(backend, addresses)("https://hooks.example/in", {}, b"{}")
    assert isinstance(result, NoAnswer)
    assert "not public" in result.reason
    assert backend.connected == []


@given(inside())
def test_whatever_the_address(address: Address) -> None:
    import asyncio  # noqa: PLC0415 - hypothesis runs plain functions

    backend = Recording(OK)
    result = asyncio.run(posting(backend, [str(address)])("https://hooks.example/in", {}, b"{}"))
    assert isinstance(result, NoAnswer)
    assert backend.connected == []


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    backend = Recording(
        [b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"]
    )
    result = await posting(backend, [str(PUBLIC)])("https://hooks.example/in", {}, b"{}")
    assert isinstance(result, Answered)
    assert result.status == 302
    assert backend.connected == [str(PUBLIC)]


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    backend = Recording(OK)
    assert isinstance(await posting(backend, [str(PUBLIC)])("https://hooks.example/", {}, b"{}"), Answered)
    assert backend.connected == [str(PUBLIC)]


async def test_an_endless_answer_is_read_no_further_than_its_limit() -> None:
    class Endless(httpcore.AsyncMockStream):
        served = 0

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109, ARG002 - httpcore's signature
            if not Endless.served:
                Endless.served = 1
                return b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
            Endless.served += 1024
            return b"x" * 1024

    class Source(Recording):
        async def connect_tcp(
            self, host: str, *args: object, **kwargs: object
        ) -> httpcore.AsyncNetworkStream:
            await super().connect_tcp(host, *args, **kwargs)
            return Endless([])

    result = await posting(Source([]), [str(PUBLIC)])("https://hooks.example/", {}, b"{}")
    assert isinstance(result, Answered)
    assert Endless.served < 2 * MOST_ANSWER_BYTES


async def test_a_wish_for_patience_is_read_in_seconds() -> None:
    answer = b"HTTP/1.1 503 Later\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    result = await posting(Recording([answer]), [str(PUBLIC)])("https://hooks.example/", {}, b"{}")
    assert isinstance(result, Answered)
    assert result.retry_after == 120
