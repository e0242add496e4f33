"""A wrong address of a server stops the start with words about what to write, and never with a stack."""

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from shared.errors import SettingsError
from shared.settings import Settings


@pytest.mark.parametrize(
    "servers",
    [
        "",
        "nonsense",
        "host:",
        ":9092",
        "host:port",
        "host:0",
        "host:99999",
        "kafka://host:9092",
        "PLAINTEXT://host:9092",
        "one:9092,",
        "one:9092,,two:9092",
        "one:9092, two:9092",
        "host:9092/topic",
    ],
)
def test_bootstrap_servers_that_name_no_server_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, servers: str
) -> None:
    monkeypatch.setenv("TRACKGATE_KAFKA", servers)
    with pytest.raises(SettingsError, match=r"TRACKGATE_KAFKA: .*write host:port"):
        Settings.load()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "127.0.0.1:16479",
        "http://127.0.0.1:16479",
        "redis://",
        "redis://host:port/0",
        "redis://host:99999/0",
        "redis://[::1/0",
        "redis://host:16479/zero",
        "redis://host:16479/0/1",
        "redis://host:16479/0?socket_timeout=soon",
    ],
)
def test_a_redis_url_that_leads_nowhere_stops_the_start(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TRACKGATE_REDIS", url)
    with pytest.raises(SettingsError, match=r"TRACKGATE_REDIS: .*write redis://host:port/database"):
        Settings.load()


def test_a_wrong_redis_url_is_not_repeated_for_it_may_hold_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACKGATE_REDIS", "redis://desk:swordfish@host:16479/zero")
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("servers", ["kafka:9092", "127.0.0.1:19192", "[::1]:9092", "one:9092,two:9093"])
@pytest.mark.parametrize(
    "url",
    [
        "redis://redis:6379/0",
        "redis://127.0.0.1",
        "redis://127.0.0.1:16479/",
        "redis://[::1]:16479/3",
        "rediss://desk:secret@cache.example:6380/2?ssl_cert_reqs=required",
        "unix:///run/valkey.sock?db=1",
    ],
)
def test_addresses_are_kept_as_they_were_written(
    monkeypatch: pytest.MonkeyPatch, servers: str, url: str
) -> None:
    monkeypatch.setenv("TRACKGATE_KAFKA", servers)
    monkeypatch.setenv("TRACKGATE_REDIS", url)
    settings = Settings.load()
    assert (settings.kafka, settings.redis) == (servers, url)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("topics", "--kafka", "nonsense"), "host:port"),
        (("dlq", "list", "--kafka", "kafka://host:9092"), "host:port"),
        (("doctor", "--redis", "redis://host:16479/zero"), "redis://host:port/database"),
    ],
)
def test_the_command_line_says_what_to_write(command: tuple[str, ...], words: str) -> None:
    told = CliRunner().invoke(app, list(command), env={"COLUMNS": "300"})
    assert told.exit_code == 2
    assert words in told.output
