"""The commands as a person types them, against services that answer in this process."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from services.cli.adapters import http
from services.cli.console import duration
from services.cli.main import app

Answer = Callable[[httpx.Request], httpx.Response]
TRACK = "0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11"


class Services:
    """Every HTTP client of the command line ends here. ``asked`` is what was sent, in order."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[tuple[str, str], httpx.Response] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        missing = httpx.Response(404, json={"title": "Nothing here", "status": 404})
        return self.answers.get((request.method, request.url.path), missing)

    @property
    def last(self) -> Any:
        return json.loads(self.asked[-1].content)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    answering = Services()

    def client(base_url: str, headers: Mapping[str, str]) -> httpx.Client:
        return httpx.Client(
            base_url=base_url, headers=dict(headers), transport=httpx.MockTransport(answering)
        )

    def async_client(base_url: str, headers: Mapping[str, str]) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=base_url, headers=dict(headers), transport=httpx.MockTransport(answering)
        )

    monkeypatch.setattr(http, "client", client)
    monkeypatch.setattr(http, "async_client", async_client)
    monkeypatch.setenv("TRACKGATE_API_KEY", "tgk_acme_secret")
    monkeypatch.setenv("TRACKGATE_REGISTRY_TOKEN", "token")
    return answering


def trackgate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def told(state: str) -> dict[str, Any]:
    return {
        "track_id": TRACK,
        "state": state,
        "final": state == "label",
        "file_name": "song.flac",
        "received_at": "2026-06-01T12:00:00Z",
        "declared": {"title": "Song"},
        "findings": [{"detector": "ai_detector", "verdict": "likely_generated", "probability": 0.97}],
        "history": [{"at": "2026-06-01T12:00:00Z", "what": "received", "summary": "audio stored"}],
        "decision": None
        if state == "received"
        else {
            "outcome": state,
            "reasons": [{"code": "generated", "text": "It is declared as generated [wholly]."}],
            "labels": [{"code": "ai-generated", "text": "AI-generated"}],
            "decided_at": "2026-06-01T12:00:09Z",
        },
    }


@pytest.fixture
def decides(services: Services) -> Services:
    services.answers["POST", "/v1/tracks"] = httpx.Response(202, json={"track_id": TRACK})
    services.answers["GET", f"/v1/tracks/{TRACK}"] = httpx.Response(200, json=told("label"))
    events = "".join(f"event: track\ndata: {json.dumps(told(state))}\n\n" for state in ("received", "label"))
    services.answers["GET", f"/v1/tracks/{TRACK}/events"] = httpx.Response(200, text=events)
    return services


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "Ada Voice - Song.flac"
    path.write_bytes(b"fLaC")
    return path


class TestSubmit:
    def test_a_decided_track_is_told_with_its_reasons(self, decides: Services, song: Path) -> None:
        result = trackgate("submit", song, "--ai-use", "all", "--watch")
        assert result.exit_code == 0, result.output
        for word in ("label", "ai-generated", "[wholly]", "ai_detector likely_generated 0.97", TRACK):
            assert word in result.stdout
        sent = decides.asked[0]
        assert sent.headers["authorization"] == "Bearer tgk_acme_secret"
        assert b'{"display_artist": "Ada Voice", "title": "Song", "ai_use": "all"}' in sent.content

    @pytest.mark.usefixtures("decides")
    def test_machines_get_json_and_nothing_else_on_stdout(self, song: Path) -> None:
        (track,) = json.loads(trackgate("submit", song, "--watch", "--json").stdout)
        assert track["decision"] == "label"
        assert track["file"] == song.name
        assert track["seconds"] >= 0
        assert [reason["code"] for reason in track["reasons"]] == ["generated"]

    @pytest.mark.usefixtures("decides")
    def test_without_watching_accepted_is_success(self, song: Path) -> None:
        result = trackgate("submit", song)
        assert result.exit_code == 0
        assert "accepted" in result.stdout

    def test_a_refusal_is_told_in_plain_words_and_fails(self, services: Services, song: Path) -> None:
        problem = {
            "title": "The metadata is not valid",
            "status": 422,
            "errors": [{"field": "metadata.isrc", "reason": "not an ISRC"}],
        }
        services.answers["POST", "/v1/tracks"] = httpx.Response(422, json=problem)
        result = trackgate("submit", song)
        assert result.exit_code == 1
        assert "metadata.isrc: not an ISRC" in " ".join(result.stdout.split())

    def test_without_a_key_it_says_how_to_come_by_one(
        self, services: Services, song: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TRACKGATE_API_KEY")
        result = trackgate("submit", song)
        assert result.exit_code == 2
        assert "TRACKGATE_API_KEY" in result.stderr
        assert services.asked == []

    def test_a_key_can_lie_in_a_file(
        self, decides: Services, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TRACKGATE_API_KEY")
        (tmp_path / "key").write_text("tgk_from_file\n")
        trackgate("submit", song, "--api-key-file", tmp_path / "key")
        assert decides.asked[0].headers["authorization"] == "Bearer tgk_from_file"

    @pytest.mark.usefixtures("services")
    def test_a_title_for_several_files_is_refused(self, song: Path) -> None:
        assert trackgate("submit", song, song, "--title", "X").exit_code == 2

    @pytest.mark.usefixtures("services")
    def test_a_file_that_is_not_there_is_refused(self) -> None:
        assert trackgate("submit", "nowhere.flac").exit_code == 2


class TestStatusAndWatch:
    @pytest.mark.usefixtures("decides")
    def test_status_tells_how_it_came_about(self) -> None:
        result = trackgate("status", TRACK)
        assert result.exit_code == 0
        assert "audio stored" in result.stdout
        assert json.loads(trackgate("status", TRACK, "--json").stdout)[0]["seconds"] == 9.0

    @pytest.mark.usefixtures("services")
    def test_a_track_of_somebody_else_is_refused(self) -> None:
        result = trackgate("status", TRACK)
        assert result.exit_code == 1
        assert "Nothing here" in result.stderr

    @pytest.mark.usefixtures("decides")
    def test_watch_tells_every_change(self) -> None:
        result = trackgate("watch", TRACK)
        assert result.exit_code == 0
        assert result.stdout.index("screening") < result.stdout.index("label")

    @pytest.mark.usefixtures("services")
    def test_a_service_that_does_not_run_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        monkeypatch.setattr(
            http,
            "async_client",
            lambda url, _headers: httpx.AsyncClient(base_url=url, transport=httpx.MockTransport(refuse)),
        )
        result = trackgate("status", TRACK, "--api", "http://ingest:18801")
        assert result.exit_code == 1
        assert "http://ingest:18801 does not answer" in " ".join(result.stderr.split())


class TestRegistry:
    def test_a_distributor_s_key_is_shown_once_or_kept_for_its_owner_alone(
        self, services: Services, tmp_path: Path
    ) -> None:
        new = {"distributor_id": "acme", "name": "Acme", "api_key": "tgk_acme_x"}
        services.answers["POST", "/v1/distributors"] = httpx.Response(201, json=new)
        shown = trackgate("distributors", "add", "Acme")
        assert "tgk_acme_x" in shown.stdout
        assert services.last == {"name": "Acme", "tracks_per_day": 10000}
        assert services.asked[-1].headers["authorization"] == "Bearer token"

        kept = trackgate("distributors", "add", "Acme", "--save", tmp_path / "key")
        assert "tgk_acme_x" not in kept.stdout
        assert (tmp_path / "key").read_text() == "tgk_acme_x\n"
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600

    def test_an_artist_is_proposed_with_recordings(self, services: Services, song: Path) -> None:
        proposed = {"artist_id": "ada", "references": [{"seconds": 12.0}], "state": "pending"}
        services.answers["PUT", "/v1/artists/ada"] = httpx.Response(202, json=proposed)
        result = trackgate(
            "artists",
            "enrol",
            "ada",
            song,
            "--name",
            "Ada",
            "--consent",
            "signed",
            "--alias",
            "A.",
            "--rights",
            "own",
            "--authority",
            "her label",
            "--document",
            song,
            "--consent-at",
            "2026-01-02",
        )
        assert result.exit_code == 0, result.output
        assert "1 recording(s), 12 s" in result.stdout
        assert "trackgate proposals approve ada" in result.stdout
        body = services.asked[0].content
        assert b'"aliases": ["A."]' in body
        assert b'"consent": {"given_by": "Ada", "given_at": "2026-01-02T00:00:00+00:00"}' in body
        assert hashlib.sha256(song.read_bytes()).hexdigest().encode() in body
        assert b'filename="Ada Voice - Song.flac"' in body

    def test_consent_is_given_until_a_day_in_utc(self, services: Services, song: Path) -> None:
        given = {"live": True, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}
        services.answers["PUT", "/v1/grants/g"] = httpx.Response(200, json=given)
        result = trackgate(
            *("grants", "give", "g", "--artist", "ada", "--to", "*", "--use", "sampling"),
            *("--by", "Ada", "--until", "2027-01-01", "--no-label", "--document", song),
        )
        assert result.exit_code == 0, result.output
        assert services.last["valid_until"] == "2027-01-01T00:00:00+00:00"
        assert services.last["territories"] == ["Worldwide"]
        assert services.last["label_required"] is False
        assert len(services.last["document_sha256"]) == 64
        assert "valid_from" not in services.last

    def test_what_the_checks_say_is_told_in_words(self, services: Services) -> None:
        concern = {"sha256": "a" * 64, "what": "This recording is silent.", "do": "Send it again."}
        told = {
            "artist_id": "ada",
            "name": "Ada",
            "state": "pending",
            "waiting_for": ["ai_detector"],
            "unfit": [concern],
            "doubts": [],
            "neighbours": [{"artist_id": None, "percentile": 99.5, "verdict": "possible"}],
            "compared_with": 3,
        }
        services.answers["GET", "/v1/proposals/ada"] = httpx.Response(200, json=told)
        shown = " ".join(trackgate("proposals", "show", "ada").stdout.split())
        assert "still being checked by ai_detector" in shown
        assert "This recording is silent. Send it again." in shown
        assert "99.5 % of different voices: another protected artist, possible" in shown

    def test_doubts_are_set_aside_in_words(self, services: Services) -> None:
        told = {"artist_id": "ada", "name": "Ada", "state": "pending", "proposal_id": "p-1"}
        empty: dict[str, list[Any]] = {"waiting_for": [], "unfit": [], "doubts": [], "neighbours": []}
        seen = httpx.Response(200, json=told | empty | {"compared_with": 0})
        services.answers["GET", "/v1/proposals/ada"] = seen
        services.answers["POST", "/v1/proposals/ada/approve"] = httpx.Response(200, json={})
        assert trackgate("proposals", "approve", "ada").exit_code == 1
        assert len(services.asked) == 1
        because = ("--accepting", "a duet with herself", "--yes")
        assert trackgate("proposals", "approve", "ada", *because).exit_code == 0
        assert services.last == {"proposal_id": "p-1", "accepting": "a duet with herself"}
        services.answers["POST", "/v1/proposals/ada/reject"] = httpx.Response(200, json={})
        assert trackgate("proposals", "reject", "ada", "--why", "no proof").exit_code == 0
        assert services.last == {"why": "no proof"}

    def test_an_artist_key_is_shown_when_it_is_made(self, services: Services) -> None:
        given = {"artist_key": "tga_ada_x"}
        services.answers["POST", "/v1/artists/ada/keys"] = httpx.Response(201, json=given)
        shown = trackgate("keys", "give", "ada", "ada-acme", "--distributor", "acme", "--until", "2027-01-01")
        assert "tga_ada_x" in shown.stdout
        assert services.last == {
            "key_id": "ada-acme",
            "distributor_id": "acme",
            "valid_until": "2027-01-01T00:00:00+00:00",
        }

    def test_removing_recordings_asks_first(self, services: Services) -> None:
        assert trackgate("artists", "withdraw", "ada").exit_code == 1
        assert services.asked == []
        services.answers["POST", "/v1/artists/ada/withdraw"] = httpx.Response(200, json={})
        assert trackgate("artists", "withdraw", "ada", "--yes").exit_code == 0

    def test_the_token_can_lie_in_a_file(
        self, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TRACKGATE_REGISTRY_TOKEN")
        (tmp_path / "token").write_text("from file\n")
        services.answers["GET", "/v1/artists"] = httpx.Response(200, json=[])
        assert trackgate("artists", "list", "--token-file", tmp_path / "token").exit_code == 0
        assert services.asked[0].headers["authorization"] == "Bearer from file"
        assert trackgate("artists", "list", "--token-file", tmp_path / "none").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        "",
        "submit",
        "status",
        "watch",
        "topics",
        "dlq list",
        "dlq show",
        "dlq replay",
        "rebuild-views",
        "doctor",
        "artists enrol",
        "artists withdraw",
        "proposals list",
        "proposals approve",
        "keys give",
        "keys revoke",
        "grants give",
        "grants revoke",
        "distributors add",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    result = trackgate(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage: trackgate" in result.stdout


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", timedelta(seconds=90)), ("15m", timedelta(minutes=15)), ("7d", timedelta(days=7))],
)
def test_durations_are_short(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "7", "h", "1.5h", "-1h", "7 d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)
