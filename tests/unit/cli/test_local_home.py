"""Where the command line looks for what the local stack keeps."""

from pathlib import Path

import pytest

from services.cli.options import local_home


def test_a_home_that_the_stack_was_given_is_the_command_lines_too() -> None:
    assert local_home({"TRACKGATE_HOME": "elsewhere"}) == Path("elsewhere")


@pytest.mark.parametrize("environment", [{}, {"TRACKGATE_HOME": ""}])
def test_else_it_is_the_stacks_own_default(environment: dict[str, str]) -> None:
    assert local_home(environment) == Path(".trackgate")
