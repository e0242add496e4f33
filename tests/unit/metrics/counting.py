"""How much a sample grew during a test: metrics live as long as the process."""

from dataclasses import dataclass, field

from prometheus_client import REGISTRY


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@dataclass
class Growth:
    before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(
        default_factory=lambda: {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
        }
    )

    def of(self, name: str, **labels: str) -> float:
        known = self.before.get((name, tuple(sorted(labels.items()))), 0.0)
        return value(name, **labels) - known
