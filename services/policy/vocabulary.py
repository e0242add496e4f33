"""The closed vocabularies of facts: the words with which a policy's rules compare."""

from enum import StrEnum


class FindingState(StrEnum):
    """A detector's verdict, or ``missing``: the deadline passed, or what came was about other audio."""

    LIKELY_GENERATED = "likely_generated"
    MATCH = "match"
    POSSIBLE = "possible"
    INCONCLUSIVE = "inconclusive"
    NOT_DETECTED = "not_detected"
    NO_MATCH = "no_match"
    MATCH_REMOVED = "match_removed"
    DUPLICATE_OF = "duplicate_of"
    NOT_MEASURED = "not_measured"
    ERROR = "error"
    MISSING = "missing"


class MatchStrength(StrEnum):
    """How strong a voice match is; weaker ones are not reported at all."""

    MATCH = "match"
    POSSIBLE = "possible"
    NONE = "none"


class Standing(StrEnum):
    """What the delivering distributor may do with a protected artist's voice and name, at that moment."""

    OWN_DISTRIBUTOR = "own_distributor"
    LICENSED = "licensed"
    UNAUTHORISED = "unauthorised"
    WITHDRAWN = "withdrawn"


class GrantState(StrEnum):
    """Whether a grant covers this delivery now; otherwise the first thing that it lacks."""

    LIVE = "live"
    REVOKED = "revoked"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    EXPIRES_BEFORE_RELEASE = "expires_before_release"
    OTHER_GRANTEE = "other_grantee"
    OTHER_USE = "other_use"
    OTHER_RECORDING = "other_recording"
    OTHER_TERRITORY = "other_territory"


class ManifestState(StrEnum):
    """What holds of the signature of a manifest in the file; ``trusted`` is on the operator's list."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    NONE = "none"
