"""The vocal and the instrumental part read apart, as far as the stereo image tells them.

Lead voices are mixed to the centre, so the difference of the channels holds accompaniment without them. It is
sound like any other and read like the whole. The centre by itself cannot be had: of the voice one can say
only that what was found lies in the centre, where it shares the place with bass and drums. Voices were also
sought in time; what a simple look at the spectrum's movement tells of singing was too little to rest a
reading on (area under the curve 0.72 to 0.81 on sources it was not made on), so parts are not told by time.
"""

from collections.abc import Callable

import numpy as np

from services.ai_detector.measurement import Measurement
from services.ai_detector.spectrum import Floats, rms
from shared.events.finding import Part, PartReading, Verdict

_NARROWEST = 10 ** (-30 / 20)
"""A difference of the channels further below their sum is the coder's, not the music's."""
_SIDE = "the difference of the channels, in which what is centred, as lead voices mostly are, cancels out"


def parts_of(
    whole: Measurement, pcm: Floats, listen: Callable[[Floats], Measurement]
) -> tuple[PartReading, ...]:
    """Read the parts of PCM of shape (samples, channels) where something was found in the whole; else none.

    `listen` measures the difference of the channels, given as one channel.
    """
    if not _found(whole):
        return ()
    why = _untold(pcm)
    if why is not None:
        return tuple(_not_told(part, why) for part in (Part.INSTRUMENTAL, Part.VOCAL))
    side = listen((pcm[:, :1] - pcm[:, 1:2]) * np.float32(0.5))
    if side.obstacle is not None:
        why = f"the difference of the channels is {side.obstacle.replace('_', ' ')}"
        return tuple(_not_told(part, why) for part in (Part.INSTRUMENTAL, Part.VOCAL))
    instrumental = PartReading(
        part=Part.INSTRUMENTAL,
        how=_SIDE,
        verdict=side.verdict,
        score=side.score,
        probability=side.probability,
        seconds=side.seconds_measured,
    )
    return (instrumental, _vocal(whole, side))


def _vocal(whole: Measurement, side: Measurement) -> PartReading:
    if side.verdict is not Verdict.NOT_DETECTED:
        return _not_told(
            Part.VOCAL, "what was found is in the accompaniment too, which sounds along with the voice"
        )
    return PartReading(
        part=Part.VOCAL,
        how="what was found is in the centre and not in the difference of the channels: in the lead voice, "
        "or in bass and drums, which share its place",
        verdict=whole.verdict,
        score=whole.score,
        probability=whole.probability,
        seconds=whole.seconds_measured,
    )


def _found(whole: Measurement) -> bool:
    return whole.verdict in {Verdict.LIKELY_GENERATED, Verdict.INCONCLUSIVE}


def _untold(pcm: Floats) -> str | None:
    if pcm.shape[1] < 2:  # noqa: PLR2004 - stereo is two
        return "the recording is mono"
    if rms(pcm[:, :1] - pcm[:, 1:2]) < _NARROWEST * rms(pcm[:, :1] + pcm[:, 1:2]):
        return "the channels are too alike"
    return None


def _not_told(part: Part, why: str) -> PartReading:
    return PartReading(part=part, how=f"cannot be told: {why}", verdict=Verdict.NOT_MEASURED)
