"""The stack up, its registry filled, and each sample followed to its decision."""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import Field
from rich.console import Console
from rich.markup import escape

from deploy.local.errors import ScreeningFailed, SeedingFailed
from deploy.local.live_view import showing
from deploy.local.progress import timed
from deploy.local.results import Screened, Undecided, agreed
from deploy.local.results_table import results_table
from deploy.local.screening import Screening
from deploy.local.secrets_folder import SecretsFolder, api_key_name
from deploy.local.seed import first_day, seed_approver, seed_reviewers
from deploy.local.seed_registry import RegistrySeed
from deploy.local.services import ServiceSpec, trackgate_services
from deploy.local.settings import REPO_ROOT, LocalSettings
from deploy.local.stack import RunningStack, running_stack
from deploy.local.telling import StepsShown
from deploy.local.whereabouts import address, whereabouts
from deploy.samples.manifest import Manifest, load_manifest
from services.cli.adapters.registry_api import RegistryApi
from services.cli.adapters.tracks_api import TracksApi
from services.cli.problems import Refusal

RESULTS = REPO_ROOT / "build" / "demo.json"
_FIRST = "registry"
_TIMEOUT = httpx.Timeout(30.0, read=300.0, write=300.0)


class DemoSettings(LocalSettings):
    screen_timeout_s: float = Field(
        default=180.0, gt=0, description="how long a sample may wait for its decision"
    )
    demo_results: Path = Field(default=RESULTS, description="where `demo` writes what became of the samples")

    @property
    def home_is_chosen(self) -> bool:
        return "home" in self.model_fields_set


class Demonstration:
    """``report`` and the tables go to ``console``."""

    def __init__(self, settings: DemoSettings, environ: Mapping[str, str], console: Console) -> None:
        self._settings = settings
        self._environ = environ
        self._console = console
        self._manifest: Manifest = load_manifest()
        self._secrets = SecretsFolder(settings.home / "demo")
        self._approver = ""
        self._services = {one.name: one for one in trackgate_services(environ, settings.home)}

    def run(self, *, stay: bool) -> tuple[Screened, ...]:
        """Screens the samples; with ``stay``, then keeps everything up until KeyboardInterrupt.

        Raises:
            TrackgateError: with a message that says what to do; nothing is left running then.
            ScreeningFailed: with ``stay``, a sample got no decision.
        """
        began = time.monotonic()
        steps = StepsShown(self._console)
        try:
            first = [self._services[_FIRST]]
            later = [one for one in self._services.values() if one.name != _FIRST]
            with running_stack(self._settings, first, steps, later=later) as stack:
                keys = self._seed(stack, steps)
                stack.start(later)
                self._protect(stack, steps)
                screened = self._screen(stack, keys)
                self._tell(screened, time.monotonic() - began)
                if stay:
                    _refuse_undecided(screened)
                    first_key = self._secrets.path(api_key_name(self._manifest.distributors[0].id))
                    where = whereabouts(self._settings.home, stack, self._services, self._secrets, first_key)
                    self._console.print(where, markup=False, soft_wrap=True)
                    stack.run_until_interrupted()
                return screened
        finally:
            steps.close()

    def _seed(self, stack: RunningStack, steps: StepsShown) -> dict[str, str]:
        """The distributors' API keys. The artists are proposed: the detectors check them once they start."""
        registry = self._services[_FIRST]
        with timed(steps, "giving the registry its distributors and the samples' artist"):
            token = self._registry_token(registry)
            with _refusals_told(), self._asking(registry, token) as api:
                keys = RegistrySeed(api, self._secrets).plant(self._manifest)
            self._approver = seed_approver({**stack.env, **registry.env}, self._secrets)
        with timed(steps, "giving moderation its reviewers"):
            seed_reviewers({**stack.env, **self._services["moderation"].env}, self._secrets)
        return keys

    def _protect(self, stack: RunningStack, steps: StepsShown) -> None:
        """Nothing is delivered before: the voice is searched for from the first sample on."""
        registry = self._services[_FIRST]
        with (
            timed(steps, "a second person approves the artist, once the recordings are checked"),
            _refusals_told(),
            self._asking(registry, self._registry_token(registry)) as api,
            self._asking(registry, self._approver) as approver,
        ):
            RegistrySeed(api, self._secrets).protect(
                self._manifest,
                approver,
                patience_s=self._settings.screen_timeout_s,
                check=stack.check,
            )

    @contextmanager
    def _asking(self, registry: ServiceSpec, token: str) -> Iterator[RegistryApi]:
        with httpx.Client(
            base_url=address(registry),
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
            trust_env=False,
        ) as client:
            yield RegistryApi(client)

    def _registry_token(self, registry: ServiceSpec) -> str:
        file = registry.env.get("TRACKGATE_REGISTRY_TOKEN_FILE") or self._environ.get(
            "TRACKGATE_REGISTRY_TOKEN_FILE"
        )
        token = self._environ.get("TRACKGATE_REGISTRY_TOKEN")
        if token is not None:
            return token
        if file is None:
            raise SeedingFailed(
                "TRACKGATE_REGISTRY_TOKEN_SHA256 is set: set TRACKGATE_REGISTRY_TOKEN to the token itself "
                "too, or unset both to have one made"
            )
        return Path(file).read_text(encoding="ascii").strip()

    def _screen(self, stack: RunningStack, keys: Mapping[str, str]) -> tuple[Screened, ...]:
        today = first_day(self._settings.home / "demo" / "first-day", datetime.now(UTC).date())
        samples = self._manifest.samples
        self._console.print(f"\nscreening {len(samples)} samples")

        async def screen() -> list[Screened]:
            async with AsyncExitStack() as clients:
                tracks = {
                    distributor: TracksApi(
                        await clients.enter_async_context(
                            httpx.AsyncClient(
                                base_url=address(self._services["ingest"]),
                                headers={"Authorization": f"Bearer {key}"},
                                timeout=_TIMEOUT,
                                trust_env=False,
                            )
                        )
                    )
                    for distributor, key in keys.items()
                }
                with showing(samples, self._console) as view:
                    screening = Screening(
                        tracks, view, today=today, patience_s=self._settings.screen_timeout_s
                    )
                    return await screening.screen(samples, stack.check)

        return tuple(asyncio.run(screen()))

    def _tell(self, screened: Sequence[Screened], seconds: float) -> None:
        self._console.print()
        self._console.print(results_table(screened))
        for one in screened:
            for fault in one.faults:
                self._console.print(f"[red]✗[/] {escape(one.sample.file)}: {escape(fault)}")
        self._console.print(
            f"{agreed(screened)} of {len(screened)} samples came out as expected; "
            f"{seconds:.0f} s since the start"
        )


def run(console: Console) -> int:
    """``make run``: the exit status once Ctrl-C was pressed is the caller's."""
    Demonstration(DemoSettings.load(), os.environ, console).run(stay=True)
    return 0


def demo(console: Console) -> int:
    """``make demo``: 0 when every sample came out as expected, else 1."""
    settings = DemoSettings.load()
    with _home(settings, console) as homed:
        screened = Demonstration(homed, os.environ, console).run(stay=False)
        write_results(settings.demo_results, screened)
        console.print(f"written to {settings.demo_results}", markup=False, soft_wrap=True)
        _refuse_undecided(screened)
        faults = len(screened) - agreed(screened)
        if faults:
            raise ScreeningFailed(f"{faults} of {len(screened)} samples did not come out as expected")
    return 0


def write_results(file: Path, screened: Sequence[Screened]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([one.as_json() for one in screened], indent=2, ensure_ascii=False)
    new = file.with_name(f"{file.name}.new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(file)


@contextmanager
def _home(settings: DemoSettings, console: Console) -> Iterator[DemoSettings]:
    """The home that was chosen, else a new one that goes when all went well.

    On a new home nothing is decided yet, so that a green demonstration has seen every sample screened.
    """
    if settings.home_is_chosen:
        yield settings
        return
    parent = REPO_ROOT / "build"
    parent.mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="demo-home-", dir=parent))
    try:
        yield settings.model_copy(update={"home": home})
    except KeyboardInterrupt:
        shutil.rmtree(home, ignore_errors=True)
        raise
    except BaseException:
        console.print(f"its data and logs are kept in {home}", markup=False, soft_wrap=True)
        raise
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except (Refusal, httpx.TransportError) as error:
        raise SeedingFailed(f"the registry did not take what the samples need: {error}") from error


def _refuse_undecided(screened: Sequence[Screened]) -> None:
    """What each of them waits for was told with the table."""
    undecided = sum(isinstance(one.given, Undecided) for one in screened)
    if undecided:
        raise ScreeningFailed(f"{undecided} of {len(screened)} samples got no decision")
