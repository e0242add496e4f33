"""Write the dashboards that Grafana provisions: ``python -m deploy.grafana``."""

import json
from pathlib import Path

from deploy.grafana.definitions import DASHBOARDS
from deploy.grafana.panels import Dashboard, as_json

FOLDER = Path(__file__).parent / "dashboards"


def text_of(dashboard: Dashboard) -> str:
    return json.dumps(as_json(dashboard), indent=2) + "\n"


def main() -> None:
    for dashboard in DASHBOARDS:
        file = FOLDER / f"{dashboard.name}.json"
        file.write_text(text_of(dashboard), encoding="utf-8")
        print(file.name)


if __name__ == "__main__":
    main()
