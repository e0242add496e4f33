"""Expressions as PromQL."""

from datetime import timedelta

from services.moderation.dashboards.expressions import (
    Added,
    Expression,
    Grown,
    Level,
    Quantile,
    Scaled,
    Share,
    Where,
    groups_of,
)


def promql(expression: Expression, step: timedelta) -> str:
    match expression:
        case Grown(metric, by, where):
            return f"sum{_by(by)} (increase({metric}{_selected(where)}{_within(step)}))"
        case Level(metric, fold, by, where):
            return f"{fold}{_by(by)} (last_over_time({metric}{_selected(where)}{_within(step)}))"
        case Quantile(share, _, _, _):
            return f"histogram_quantile({share}, {promql(expression.buckets, step)})"
        case Scaled(factor, of):
            return f"{factor} * ({promql(of, step)})"
        case Added(parts):
            known = " or ".join(f"({promql(part, step)})" for part in parts)
            return f"({' + '.join(f'(({promql(part, step)}) or vector(0))' for part in parts)}) and ({known})"
        case Share(part, whole):
            over = promql(whole, step)
            divisor = f"({over})" if groups_of(whole) == groups_of(part) else f"scalar({over})"
            return f"({promql(part, step)}) / {divisor}"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def _within(step: timedelta) -> str:
    return f"[{round(step.total_seconds())}s]"


def _selected(where: Where) -> str:
    if not where:
        return ""
    return "{" + ",".join(f'{label}=~"{"|".join(values)}"' for label, values in where) + "}"
