"""Every path of the app has a guard: what routes declare, and a start that fails where one declares none."""

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


def permissions_of(route: BaseRoute) -> tuple[str, ...]:
    """What the route's dependencies let through, as they declare it in ``permission``."""
    return tuple(sorted(_declared(route.dependant))) if isinstance(route, APIRoute) else ()


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, BaseRoute]]:
    """Every path of an app with its method, mounted apps once, under GET."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from routes_of(included.routes)
            continue
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            yield method, str(getattr(route, "path", "")), route


def refuse_unguarded(app: FastAPI, public: frozenset[tuple[str, str]]) -> None:
    """Raises LookupError: a route has no guard and is not among ``public`` (method, path)."""
    bare = [
        f"{method} {path}"
        for method, path, route in routes_of(app.routes)
        if not permissions_of(route) and (method, path) not in public
    ]
    if bare:
        raise LookupError(f"no permission is declared for {', '.join(bare)}")


def _declared(dependant: Dependant) -> Iterator[str]:
    permission = getattr(dependant.call, "permission", None)
    if permission is not None:
        yield str(permission)
    for inner in dependant.dependencies:
        yield from _declared(inner)
