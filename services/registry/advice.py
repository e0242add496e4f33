"""What the checks' codes mean, and what a person can do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    what: str
    do: str


_ADVICE = {
    "no_voice": Advice(
        "No voice was found in this recording.",
        "Send one in which the artist sings or speaks; best without a band, else with the voice in front.",
    ),
    "too_short": Advice("This recording is too short to measure.", "Send at least ten seconds of the voice."),
    "silent": Advice("This recording is silent.", "Export it again and listen to it before sending."),
    "missing": Advice(
        "This recording is no longer in the store.",
        "Send it again; if that does not help, tell the operator.",
    ),
    "undecodable": Advice("This recording cannot be decoded.", "Export it as WAV or FLAC and send it again."),
    "other_bytes": Advice(
        "What lies in the store is not what was sent.",
        "Tell the operator: a stored file was changed.",
    ),
    "crashed": Advice(
        "Measuring this recording failed twice.", "Export it as WAV or FLAC and send it again."
    ),
    "little_voice": Advice(
        "There are less than ten seconds of voice in this group of recordings.",
        "Add more: from half a minute on, matching no longer depends on which words were recorded.",
    ),
    "several_voices": Advice(
        "This recording seems to hold more than one voice.",
        "Listen to it. Send a passage in which the artist is alone: no duet, no choir, no interviewer.",
    ),
    "unlike_the_others": Advice(
        "This voice is unlike the other recordings of its group.",
        "Listen to it. If it is the artist in another register or era, give it a group of its own.",
    ),
    "likely_generated": Advice(
        "This recording seems to be generated itself.",
        "Use recordings of the artist. An imitation as a reference would protect the imitation.",
    ),
    "maybe_generated": Advice(
        "It cannot be told whether this recording is generated.",
        "Find out where it comes from, or send another one.",
    ),
    "near_another_artist": Advice(
        "The voice is so near to another protected artist's that tracks of one may be found as the other.",
        "Make sure that it is not the same person under another name; if it is not, add recordings.",
    ),
}


def advice_on(code: str) -> Advice:
    """Words for a code; one that is not known here is told as it is."""
    return _ADVICE.get(code, Advice(f"The check says: {code.replace('_', ' ')}.", "Ask the operator."))
