"""``python -m deploy.scaling``: throughput with 1, 2, 4 workers and 1 to 48 partitions.

Starts stacks of its own on free ports, one for each number of partitions, gives it more and more workers of
both detectors, and screens three-minute tracks with each. Exit status 1 when a track was lost, decided twice
or late.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from deploy.local.progress import Step
from deploy.local.stack import interrupt_on_signals
from deploy.scaling.growing import growing_stack
from deploy.scaling.measuring import Run, measure
from deploy.scaling.picture import picture, table
from services.cli.commands.bench_audio import Recording, recordings
from shared.errors import TrackgateError

RESULT = Path("build/bench/scaling.json")
AUDIO = Path("deploy/samples/tracks")
MINUTES_A_DAY = 1440


def main() -> int:
    asked = _parser().parse_args()
    console = Console(highlight=False, stderr=True)
    began, runs = time.monotonic(), list[Run]()
    with tempfile.TemporaryDirectory(prefix="trackgate-scaling-") as work, interrupt_on_signals():
        audio = recordings(asked.audio, Path(work), seconds=asked.seconds, variants=3)
        try:
            for partitions in asked.partitions:
                runs += _with_partitions(Path(work) / str(partitions), partitions, audio, asked, console)
                _write(
                    asked.result, runs, time.monotonic() - began
                )  # a run that is cut short keeps what it has
        except TrackgateError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except KeyboardInterrupt:
            return 130
    sys.stdout.write(
        f"{table(runs)}\n{_said(runs)}\nwritten to {asked.result} and {asked.result.with_suffix('.svg')}\n"
    )
    failures = [
        f"{run.workers} workers, {run.partitions} partitions: {why}" for run in runs for why in run.failures
    ]
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.scaling", description=__doc__)
    parser.add_argument("--workers", type=_numbers, default=[1, 2, 4], help="of each detector: 1,2,4")
    parser.add_argument(
        "--partitions", type=_numbers, default=[1, 6, 48], help="of the tracks.* topics: 1,6,48"
    )
    parser.add_argument("--tracks", type=int, default=16, help="counted in each run (16)")
    parser.add_argument("--seconds", type=float, default=180.0, help="length of a track (180)")
    parser.add_argument("--audio", type=Path, default=AUDIO, help="folder of recordings")
    parser.add_argument("--result", type=Path, default=RESULT, help="JSON; the picture is put beside")
    return parser


def _numbers(text: str) -> list[int]:
    found = sorted({int(part) for part in text.split(",")})
    if not found or found[0] < 1:
        raise argparse.ArgumentTypeError("numbers from 1 on, with commas between")
    return found


def _with_partitions(
    home: Path, partitions: int, audio: list[Recording], asked: argparse.Namespace, console: Console
) -> list[Run]:
    def told(step: Step) -> None:
        if step.state == "notice":
            console.print(f"! {step.what}: {step.detail}", markup=False)

    runs = []
    with growing_stack(home, partitions=partitions, most_workers=asked.workers[-1], report=told) as stack:
        for workers in asked.workers:
            stack.grow_to(workers)
            run = measure(stack, audio, asked.tracks)
            console.print(
                f"{partitions} partitions, {workers} workers: {run.tracks_per_minute:.1f} tracks a minute, "
                f"{run.busy_cores:.2f} of {run.cores} cores busy"
            )
            runs.append(run)
    return runs


def _write(result: Path, runs: list[Run], seconds: float) -> None:
    best = max(runs, key=lambda run: run.tracks_per_minute)
    values = {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        "took_seconds": round(seconds),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "best": {
            "workers": best.workers,
            "partitions": best.partitions,
            "tracks_per_minute": best.tracks_per_minute,
        },
        "tracks_a_day": round(best.tracks_per_minute * MINUTES_A_DAY),
        "runs": [run.as_json() for run in runs],
    }
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    result.with_suffix(".svg").write_text(picture(runs, _said(runs)), encoding="utf-8")


def _said(runs: list[Run]) -> str:
    best = max(runs, key=lambda run: run.tracks_per_minute)
    return (
        f"At most {best.tracks_per_minute:.1f} tracks a minute, "
        f"{best.tracks_per_minute * MINUTES_A_DAY:,.0f} a day, on {best.cores} cores "
        f"with {best.workers} workers of each detector"
    )


if __name__ == "__main__":
    sys.exit(main())
