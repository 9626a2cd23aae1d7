from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.hostile.shown import Showing

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

Tell = Callable[[str], None]


@pytest.fixture(scope="module")
def showing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Showing]:
    """One world a module: what a test changes in it, it puts back."""
    made = Showing(tmp_path_factory.mktemp("shown"))
    yield made
    made.world.writer.close()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Print a count beside the test's name, so that a run says how much it tried."""
    reporter: TerminalReporter | None = request.config.pluginmanager.get_plugin("terminalreporter")
    return lambda text: reporter.write_line(f"  {text}") if reporter else None
