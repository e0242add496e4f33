"""Where to look while the stack is up: every page, with whom to be there."""

from collections.abc import Mapping
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.secrets_folder import SecretsFolder, person_token_name, reviewer_token_name
from deploy.local.seed import APPROVER, REVIEWERS
from deploy.local.services import ServiceSpec
from deploy.local.stack import RunningStack


def whereabouts(
    home: Path,
    stack: RunningStack,
    services: Mapping[str, ServiceSpec],
    secrets: SecretsFolder,
    api_key_file: Path,
) -> str:
    """Tokens and keys are named by their file: a terminal's scrollback is no safe."""
    desk, ingest, registry = (address(services[name]) for name in ("moderation", "ingest", "registry"))
    lines = [
        "",
        f"moderation   {desk}/queue, with figures at {desk}/dashboards",
        *(
            f"             sign in as {one.name} ({one.role}) with the token in "
            f"{secrets.path(reviewer_token_name(one.id))}"
            for one in REVIEWERS
        ),
        f"uploads      {ingest}/portal, sign in with the key in {api_key_file}",
        f"             trackgate submit FILE --watch --api {ingest} --api-key-file {api_key_file}",
        f"             {ingest}/v1/tracks, described at {ingest}/openapi.json",
        f"registry     {registry}/artists, token in {home}/registry/token;",
        f"             {APPROVER.name} approves with {secrets.path(person_token_name(APPROVER.id))}",
        f"broker       {stack.bootstrap_servers}",
        f"logs         {home}/logs",
        "health       " + "\n             ".join(one.health_url for one in stack.services),
        "\nCtrl-C stops everything that was started here.",
    ]
    return "\n".join(lines)


def address(service: ServiceSpec) -> str:
    return f"http://{HOST}:{service.port}"
