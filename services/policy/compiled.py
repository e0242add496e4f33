"""A policy that is ready to decide: checked, with every condition compiled once, named by its content."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cel

from services.policy.checker import check_labels, check_policy
from services.policy.expressions.syntax import conjuncts, parse
from services.policy.expressions.tree import Name, Operation, paths
from services.policy.policy_file import LabelFile, PolicyFile, Rule
from services.policy.source_map import Problem
from shared.errors import SettingsError

HERE = Path(__file__).parent / "policies"
DEFAULT_POLICY = HERE / "default.yaml"
DEFAULT_LABELS = HERE / "labels.yaml"


class PolicyInvalid(SettingsError):
    """A policy or label file has mistakes; the message lists each with file, line and column."""

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.shown(file) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Condition:
    """One of the parts that ``&&`` joins. ``paths`` are the names that it looks at, for saying why."""

    text: str
    program: cel.Program
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Each:
    """The rule is evaluated for every element of ``collection``, which it calls ``variable``."""

    variable: str
    collection: str


@dataclass(frozen=True)
class CompiledRule:
    """``paths`` are all names that the conditions look at, ``subjects`` the roots of these names."""

    rule: Rule
    each: Each | None
    conditions: tuple[Condition, ...]
    paths: tuple[str, ...]
    subjects: frozenset[str]


@dataclass(frozen=True)
class Policy:
    """``version`` is the file's name and the hash of what the policy and its labels say, comments aside."""

    version: str
    file: PolicyFile
    labels: LabelFile
    rules: tuple[CompiledRule, ...]


def load_policy(policy: Path = DEFAULT_POLICY, labels: Path = DEFAULT_LABELS) -> Policy:
    """Read, check and compile both files.

    Raises:
        PolicyInvalid: with every mistake.
        SettingsError: a file cannot be read.
    """
    return compile_policy(
        read_file(policy), read_file(labels), policy_name=str(policy), labels_name=str(labels)
    )


def compile_policy(
    policy_text: str, labels_text: str, *, policy_name: str = "policy.yaml", labels_name: str = "labels.yaml"
) -> Policy:
    """The same from texts; the names are for messages."""
    labels, label_problems = check_labels(labels_text)
    if labels is None or label_problems:
        raise PolicyInvalid(labels_name, label_problems)
    file, problems = check_policy(policy_text, labels)
    if file is None or problems:
        raise PolicyInvalid(policy_name, problems)
    return Policy(
        version=version_of(file, labels),
        file=file,
        labels=labels,
        rules=tuple(_compile_rule(rule) for rule in file.rules),
    )


def version_of(file: PolicyFile, labels: LabelFile) -> str:
    said = json.dumps(
        [file.model_dump(mode="json"), labels.model_dump(mode="json")],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return f"{file.name}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def each_of(for_each: str) -> Each | None:
    """``match in matches``; None for anything else."""
    match parse(for_each):
        case Operation(operator="in", operands=(Name(name=variable), Name(name=collection))):
            return Each(variable, collection)
        case _:
            return None


def _compile_rule(rule: Rule) -> CompiledRule:
    conditions = tuple(
        Condition(text=" ".join(text.split()), program=cel.compile(text), paths=paths(parse(text)))
        for text in conjuncts(rule.when)
    )
    looked_at = tuple(dict.fromkeys(path for condition in conditions for path in condition.paths))
    return CompiledRule(
        rule=rule,
        each=each_of(rule.for_each) if rule.for_each is not None else None,
        conditions=conditions,
        paths=looked_at,
        subjects=frozenset(path.split(".")[0] for path in looked_at),
    )


def read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
