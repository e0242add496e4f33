"""Names of protected artists, from a decision's record of what policy looked at."""

from collections.abc import Mapping
from typing import Any

from shared.events import DecisionMade


def artist_names(decision: DecisionMade | None) -> Mapping[str, str]:
    """Names of the protected artists in the decision's record of its input."""
    facts = facts_about(decision, "matches") + facts_about(decision, "claims")
    return {str(fact["artist_id"]): str(fact["name"]) for fact in facts if fact.get("name")}


def facts_about(decision: DecisionMade | None, name: str) -> list[dict[str, Any]]:
    """The ``matches`` or ``claims`` of the decision's input; empty where there is no such record."""
    facts = decision.policy_input.get(name, ()) if decision else ()
    return [fact for fact in facts if isinstance(fact, dict) and "artist_id" in fact]
