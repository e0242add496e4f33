"""Processes of a pool keep to one core each."""

import os

import pytest

from shared.processes import ProcessPool

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def told() -> dict[str, str]:
    return {name: os.environ[name] for name in VARIABLES}


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.setenv(name, "9")  # what is set is given back after the test, also where nothing was
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.usefixtures("unset")
async def test_a_process_of_the_pool_computes_with_one_thread() -> None:
    async with ProcessPool("pool-threads", 1) as pool:
        assert await pool.run(told) == dict.fromkeys(VARIABLES, "1")


async def test_what_the_operator_set_holds(unset: pytest.MonkeyPatch) -> None:
    unset.setenv("OMP_NUM_THREADS", "3")
    async with ProcessPool("pool-threads", 1) as pool:
        assert await pool.run(told) == {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1"}
