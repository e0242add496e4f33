"""What a person reads when something is wrong: never a stack, always the place and what to do."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.adapters import http
from services.cli.main import app
from services.cli.problems import Refusal, body_of

PROBLEM = {
    "type": "urn:trackgate:problem:quota-used-up",
    "title": "The day's quota is used up",
    "status": 429,
}
Answering = Callable[[Callable[[httpx.Request], httpx.Response]], None]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Every HTTP client of the command line ends at the function that is handed in."""
    monkeypatch.setenv("TRACKGATE_API_KEY", "tgk_acme_secret")
    monkeypatch.setenv("TRACKGATE_REGISTRY_TOKEN", "token")

    def install(answer: Callable[[httpx.Request], httpx.Response]) -> None:
        transport = httpx.MockTransport(answer)
        monkeypatch.setattr(
            http, "client", lambda url, _headers: httpx.Client(base_url=url, transport=transport)
        )
        monkeypatch.setattr(
            http, "async_client", lambda url, _headers: httpx.AsyncClient(base_url=url, transport=transport)
        )

    return install


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "Ada Voice - Song [live].flac"
    path.write_bytes(b"fLaC")
    return path


def wrong(*arguments: str | Path, status: int = 1) -> str:
    """What the command says, on one line; it must end with ``status`` and without a stack."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return " ".join(result.output.split())


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def test_square_brackets_in_names_are_told_as_they_are(tmp_path: Path, answering: Answering) -> None:
    answering(refused)
    nameless = tmp_path / "[bold]Song["
    nameless.write_bytes(b"fLaC")
    assert "[bold]Song[: who is the artist?" in wrong("submit", nameless, status=2)


class TestSecrets:
    @pytest.mark.parametrize(
        ("written", "says"),
        [
            (None, "cannot be read (No such file or directory)"),
            (b"", "is empty"),
            (b"\xff\xfe", "cannot be read (it is no text)"),
            ("clé".encode(), "holds characters that none has"),
            (b"two\nlines", "holds characters that none has"),
        ],
    )
    def test_a_file_without_a_usable_key_is_named_before_anything_is_sent(
        self,
        song: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        written: bytes | None,
        says: str,
    ) -> None:
        monkeypatch.delenv("TRACKGATE_API_KEY", raising=False)
        if written is not None:
            (tmp_path / "key").write_bytes(written)
        assert says in wrong("submit", song, "--api-key-file", tmp_path / "key", status=2)

    def test_a_key_that_cannot_be_kept_is_shown_since_it_is_told_only_once(
        self, answering: Answering, tmp_path: Path
    ) -> None:
        new = {"distributor_id": "acme", "name": "Acme", "api_key": "tgk_acme_x"}
        answering(lambda _request: httpx.Response(201, json=new))
        (tmp_path / "file").write_text("in the way")
        told = wrong("distributors", "add", "Acme", "--save", tmp_path / "file" / "key", status=0)
        assert "cannot be written" in told
        assert "tgk_acme_x" in told


class TestAddresses:
    def test_a_service_that_does_not_answer_is_named_with_what_to_do(
        self, answering: Answering, song: Path
    ) -> None:
        answering(refused)
        for command in (["submit", song], ["status", "x"]):
            told = wrong(*command, "--api", "http://ingest:18801")
            assert "http://ingest:18801 does not answer (ConnectError)" in told
            assert "trackgate doctor" in told

    def test_an_address_without_its_scheme_is_told_how_to_write(self, song: Path) -> None:
        told = wrong("submit", song, "--api-key", "k", "--api", "localhost:1")
        assert "the address of a service is written http://host:port" in told

    def test_another_service_s_address_is_recognised(self, answering: Answering) -> None:
        nothing = {"type": "about:blank", "title": "Not Found", "status": 404}
        answering(lambda _request: httpx.Response(404, json=nothing))
        told = wrong("artists", "list", "--registry", "http://ingest:18801")
        assert "http://ingest:18801 has no GET /v1/artists: is it the address of the right service?" in told

    def test_what_is_none_of_our_services_is_told_so(self, answering: Answering, song: Path) -> None:
        answering(lambda _request: httpx.Response(200, text="<h1>It works!</h1>"))
        told = wrong("submit", song, "--api", "http://elsewhere")
        assert "http://elsewhere does not speak as our services do" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--service", "nobody"), "'nobody' has none: one of ai_detector"),
        (("--topic", "tracks.upload"), "'tracks.upload' has none: one of "),
        (("--newer-than", "3x"), "'3x' is no duration"),
    ],
)
def test_dead_letters_that_cannot_be_are_not_looked_for(arguments: tuple[str, str], says: str) -> None:
    assert says in wrong("dlq", "list", *arguments, status=2)


@pytest.mark.parametrize("command", ["show", "replay"])
def test_what_cannot_be_the_name_of_a_dead_letter_is_refused_before_the_broker_is_asked(command: str) -> None:
    told = wrong("dlq", command, "[/x]", status=2)
    assert "'[/x]' is no dead letter: `trackgate dlq list` names them" in told


@pytest.mark.parametrize(
    ("detail", "errors", "told"),
    [
        ("title: a; isrc: b", [("title", "a"), ("isrc", "b")], "Wrong: title: a; isrc: b"),
        ("a", [("title", "a")], "Wrong: title: a"),
        ("come tomorrow", [("title", "a")], "Wrong: come tomorrow; title: a"),
        ("come tomorrow", [], "Wrong: come tomorrow"),
    ],
)
def test_a_refusal_says_everything_once(detail: str, errors: list[tuple[str, str]], told: str) -> None:
    body = {
        **PROBLEM,
        "title": "Wrong",
        "detail": detail,
        "errors": [{"field": field, "reason": reason} for field, reason in errors],
    }
    answer = httpx.Response(429, json=body, request=httpx.Request("GET", "http://ingest/v1/tracks"))
    with pytest.raises(Refusal) as raised:
        body_of(answer)
    assert str(raised.value) == told
