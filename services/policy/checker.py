"""Every mistake of a policy or label file at once, each where it is, with the nearest name that exists."""

from typing import Any

import cel
from pydantic import BaseModel, ValidationError

from services.policy.expressions.check import check
from services.policy.expressions.faults import nearest
from services.policy.expressions.syntax import SyntaxFault, parse
from services.policy.expressions.tree import Name, Operation
from services.policy.expressions.types import Type, record_of
from services.policy.inputs import RuleScope
from services.policy.policy_file import LabelFile, LabelText, LabelUse, Otherwise, PolicyFile, Rule, Then
from services.policy.reach import contradiction, released_despite_failure, shadowed_by
from services.policy.source_map import Parsed, Path, Problem, SourceMap, parse_yaml
from services.policy.texts import places
from shared.events import Outcome

HOLDING = frozenset({Outcome.QUARANTINE})
_FIELDS: dict[str, type[BaseModel]] = {
    "": PolicyFile, "rules": Rule, "then": Then, "labels": LabelUse, "otherwise": Otherwise,
}  # fmt: skip


def check_policy(text: str, labels: LabelFile) -> tuple[PolicyFile | None, tuple[Problem, ...]]:
    """The file and its mistakes, in order of place; None where it has no readable shape."""
    parsed = parse_yaml(text)
    file, problems = _validated(parsed, PolicyFile)
    if file is not None:
        problems += _Rules(file, labels, parsed.source).problems()
    return file, tuple(sorted(set(problems)))


def check_labels(text: str) -> tuple[LabelFile | None, tuple[Problem, ...]]:
    parsed = parse_yaml(text)
    file, problems = _validated(parsed, LabelFile)
    for code, label in file.labels.items() if file is not None else ():
        if file is not None and file.language not in label.text:
            problems.append(
                Problem(parsed.source.key(("labels", code)), f"`{code}` has no text in `{file.language}`")
            )
    return file, tuple(sorted(set(problems)))


def _validated(parsed: Parsed, model: type[Any]) -> tuple[Any, list[Problem]]:
    problems = list(parsed.problems)
    if parsed.value is None and problems:
        return None, problems
    try:
        return model.model_validate(parsed.value), problems
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            path: Path = fault["loc"]
            if fault["type"] == "extra_forbidden":
                near = nearest(str(path[-1]), _known_fields(path[:-1], model))
                problems.append(Problem(parsed.source.key(path), f"`{path[-1]}` is not known here{near}"))
            elif fault["type"] == "missing":
                problems.append(Problem(parsed.source.at(path[:-1]), f"`{path[-1]}` is missing"))
            elif fault["type"] == "enum":
                near = nearest(str(fault["input"]), [outcome.value for outcome in Outcome])
                problems.append(Problem(parsed.source.at(path), f"`{fault['input']}` is no outcome{near}"))
            else:
                problems.append(Problem(parsed.source.at(path), _sentence(fault["msg"])))
        return None, problems


def _known_fields(path: Path, model: type[BaseModel]) -> list[str]:
    if model is LabelFile:
        return list((LabelText if path else LabelFile).model_fields)
    named = [part for part in path if isinstance(part, str)]
    return list(_FIELDS[named[-1] if named else ""].model_fields)


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:]


class _Rules:
    """What pydantic cannot see: expressions, labels, and rules that contradict what a rule may do."""

    def __init__(self, file: PolicyFile, labels: LabelFile, source: SourceMap) -> None:
        self._file = file
        self._labels = labels
        self._source = source
        self._found: list[Problem] = []
        self._scope = dict(record_of(RuleScope).fields)

    def problems(self) -> list[Problem]:
        seen: set[str] = set()
        if not self._file.rules:
            self._say(("rules",), "there is no rule")
        for index, rule in enumerate(self._file.rules):
            path: Path = ("rules", index)
            if rule.id in seen:
                self._say((*path, "id"), f"the id `{rule.id}` is used by an earlier rule")
            seen.add(rule.id)
            names = self._names(rule, path)
            self._expression(rule.when, names, (*path, "when"))
            self._text(rule.then.text, names, (*path, "then", "text"))
            self._then(rule.then, (*path, "then"))
        self._reach()
        if self._file.otherwise.outcome not in HOLDING:
            self._say(
                ("otherwise", "outcome"), "`otherwise` must be quarantine: what no rule foresaw is held"
            )
        self._text(self._file.otherwise.text, {}, ("otherwise", "text"))
        return self._found

    def _reach(self) -> None:
        """Only of a file whose expressions are right: what is broken cannot be reasoned about."""
        if self._found:
            return
        for index, rule in enumerate(self._file.rules):
            why = contradiction(rule.when, self._names(rule, ("rules", index)))
            if why is not None:
                self._say(("rules", index, "when"), f"this rule can never match: {why}")
        for later, earlier in shadowed_by(self._file.rules):
            final = self._file.rules[earlier].id
            self._say(
                ("rules", later, "when"), f"this rule never counts: the final rule `{final}` comes first"
            )
        if any(rule.then.outcome not in HOLDING for rule in self._file.rules):
            let_out = released_despite_failure(self._file)
            if let_out is not None:
                self._say(
                    ("rules",),
                    f"a track could be released despite a failed finding ({let_out}): "
                    "add a rule that holds it and looks at verdicts alone",
                )

    def _say(self, path: Path, message: str) -> None:
        self._found.append(Problem(self._source.at(path), message))

    def _names(self, rule: Rule, path: Path) -> dict[str, Type]:
        """The names that the rule may use: the scope, and the variable of its ``for_each``."""
        if rule.for_each is None:
            return self._scope
        where = (*path, "for_each")
        try:
            tree = parse(rule.for_each)
        except SyntaxFault as fault:
            self._at_offset(rule.for_each, where, fault.at, str(fault))
            return self._scope
        match tree:
            case Operation(operator="in", operands=(Name(name=variable), Name(name=collection) as listed)):
                lists = {name: found for name, found in self._scope.items() if found.kind == "list"}
                if collection not in lists:
                    message = f"`{collection}` is no list{nearest(collection, lists)}"
                    self._at_offset(rule.for_each, where, listed.start, message)
                    return self._scope
                if variable in self._scope:
                    self._say(where, f"`{variable}` already means something; choose another name")
                return {**self._scope, variable: lists[collection].element or Type("any")}
            case _:
                self._say(where, "`for_each` is written as `match in matches`")
                return self._scope

    def _expression(self, text: str, names: dict[str, Type], path: Path) -> None:
        try:
            found, faults = check(parse(text), names)
        except SyntaxFault as fault:
            self._at_offset(text, path, fault.at, str(fault))
            return
        for mistake in faults:
            self._at_offset(text, path, mistake.at, mistake.message)
        if found.kind not in {"bool", "any"}:
            self._say(path, f"a condition is true or false; this is {found.described}")
        if not faults:
            try:
                cel.compile(text)
            except ValueError as error:
                self._say(path, f"the engine refuses it: {str(error).splitlines()[0]}")

    def _text(self, text: str, names: dict[str, Type], path: Path) -> None:
        for dotted, offset in places(text):
            try:
                _, faults = check(parse(dotted), names, null_matters=False)
            except SyntaxFault as fault:
                self._at_offset(text, path, offset + fault.at, f"in {{{dotted}}}: {fault}")
                continue
            for mistake in faults:
                self._at_offset(text, path, offset + mistake.at, f"in {{{dotted}}}: {mistake.message}")

    def _then(self, then: Then, path: Path) -> None:
        for index, label in enumerate(then.labels):
            if label.code not in self._labels.labels:
                near = nearest(label.code, self._labels.labels)
                self._say((*path, "labels", index, "code"), f"the label `{label.code}` is not known{near}")
        if then.outcome is Outcome.REJECT:
            self._say((*path, "outcome"), "a rule cannot reject; only a person's review can")
        if then.outcome is Outcome.LABEL and not then.labels:
            self._say((*path, "outcome"), "the outcome is label, and no label is named")
        if then.outcome is Outcome.PUBLISH and then.labels:
            self._say((*path, "labels"), "a rule that attaches labels has the outcome label or quarantine")
        if then.final and then.outcome not in HOLDING:
            self._say((*path, "final"), "only a rule that holds the track can be final")

    def _at_offset(self, text: str, path: Path, offset: int, message: str) -> None:
        line = text.count("\n", 0, offset) + 1
        column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        self._found.append(Problem(self._source.within(path, line, column), message))
