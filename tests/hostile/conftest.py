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
def tell(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print a count beside the test's name, so that a run says how much it tried."""
    reporter: TerminalReporter | None = request.config.pluginmanager.get_plugin("terminalreporter")

    def told(text: str) -> None:
        if reporter:
            with capsys.disabled():
                reporter.write_line(f"\n  {text}")

    return told
