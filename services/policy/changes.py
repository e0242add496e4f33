"""What a person may do with a policy version, and the record that says so. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.policy.compiled import Policy
from services.policy.stages import PolicyBook
from shared.errors import TrackgateError
from shared.events import PolicyStage, PolicyStep, PolicyVersionChanged
from shared.ids import deterministic_id

S = PolicyStage
_FROM = {
    S.SHADOW: {S.DRAFT, S.SHADOW, S.ROLLOUT},
    S.ROLLOUT: {S.SHADOW, S.ROLLOUT},
    S.LIVE: {S.ROLLOUT},
    S.RETIRED: {S.DRAFT, S.SHADOW, S.ROLLOUT, S.LIVE},
    S.STOPPED: {S.ROLLOUT, S.LIVE},
}
BREAKER = "circuit-breaker"


class ChangeRefused(TrackgateError):
    """The change is against the rules; the message says which one and what to do first."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a version."""

    stage: PolicyStage
    by: str
    at: datetime
    percent: int = 0
    note: str = ""

    @property
    def step(self) -> PolicyStep:
        return PolicyStep(stage=self.stage, by=self.by, at=self.at, percent=self.percent, note=self.note)


def drafted(book: PolicyBook, policy: Policy, wish: Wish) -> PolicyVersionChanged:
    """A first draft, or a new one of content that was retired or stopped.

    Raises:
        ChangeRefused: the same content is already in use.
    """
    known = book.word(policy.version)
    if known is not None and known.stage not in {S.RETIRED, S.STOPPED}:
        raise ChangeRefused(f"{policy.version} is already there: {known.stage.value}")
    steps = (*(known.steps if known is not None else ()), wish.step)
    text, labels = policy.source
    return PolicyVersionChanged(
        event_id=_id(policy.version, book.generation + 1),
        occurred_at=wish.at,
        version=policy.version,
        generation=book.generation + 1,
        stage=wish.stage,
        author=known.author if known is not None else wish.by,
        steps=steps,
        policy_text=text,
        labels_text=labels,
    )


def shipped(policy: Policy, at: datetime) -> PolicyVersionChanged:
    """The deployment's own policy, on the record so that its decisions can be made again anywhere."""
    text, labels = policy.source
    step = PolicyStep(stage=S.SHIPPED, by="deployment", at=at)
    return PolicyVersionChanged(
        event_id=_id(policy.version, 0),
        occurred_at=at,
        version=policy.version,
        generation=0,
        stage=S.SHIPPED,
        author="deployment",
        steps=(step,),
        policy_text=text,
        labels_text=labels,
    )


def changed(book: PolicyBook, version: str, wish: Wish) -> PolicyVersionChanged:
    """The version at its next stage.

    Raises:
        ChangeRefused: it is unknown, not at a stage that leads there, or a second person is needed.
    """
    known = book.word(version)
    if known is None:
        raise ChangeRefused(f"there is no version {version}; `trackgate policy versions` lists them")
    if known.stage not in _FROM[wish.stage]:
        before = " or ".join(sorted(stage.value for stage in _FROM[wish.stage]))
        raise ChangeRefused(f"{version} is {known.stage.value}; to be {wish.stage.value} it must be {before}")
    if wish.stage in {S.ROLLOUT, S.LIVE} and wish.by == known.author:
        raise ChangeRefused(f"{wish.by} wrote {version}: a second person must agree before it acts")
    if wish.stage is S.ROLLOUT and wish.percent == 0:
        raise ChangeRefused("a rollout needs a share of at least 1 percent")
    return known.model_copy(
        update={
            "event_id": _id(version, book.generation + 1),
            "occurred_at": wish.at,
            "generation": book.generation + 1,
            "stage": wish.stage,
            "percent": wish.percent if wish.stage is S.ROLLOUT else 0,
            "steps": (*known.steps, wish.step),
        }
    )


def rolled_back(book: PolicyBook, wish: Wish) -> PolicyVersionChanged:
    """The rollout taken back if there is one, else the live version; what was there before decides again.

    Raises:
        ChangeRefused: only the shipped policy is there.
    """
    acting = book.rollout or book.live
    if book.control_of(acting.version) is None:
        raise ChangeRefused(
            "nothing was promoted: the shipped policy decides, and it goes with the deployment"
        )
    return changed(book, acting.version, wish)


def _id(version: str, generation: int) -> str:
    return deterministic_id("policy", version, str(generation))
