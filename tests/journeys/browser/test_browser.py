"""One journey in a real Chromium: a citizen's code renews itself, a scan gun types it at a window, the verdict is read.

What is held beside: no script of ours fails, and the content security policy stops nothing that a page needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.browser.chromium import DESKTOP, PHONE, Page, chromium
from tests.journeys.browser.site import served
from tests.world import World, copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

CARD, DEED = 1, 24
CODE_SECONDS = "8"
COUNTER = "/desk/items/EC-0001"


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with copied(template, tmp_path / "home", ECERT_DEMO="1", ECERT_CODE_SECONDS=CODE_SECONDS) as opened:
        opened.issue(CARD)
        opened.issue(DEED)
        opened.settle()
        yield opened


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with served(world.app) as address:
        yield address


@pytest.fixture
def page(url: str, tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "browser") as opened:
        opened.open(f"{url}/demo")
        opened.click("button[value='32-1-husband']")
        opened.open(f"{url}/demo")
        opened.click("button[value='31']")
        yield opened


def counter(page: Page, url: str) -> None:
    """Open an item's form; browsers give the focus only when they first draw."""
    page.open(f"{url}{COUNTER}")
    page.wait("document.activeElement.id === 'code'")


def digits_of(page: Page) -> str:
    return page.text("[data-digits]").replace(" ", "")


def test_a_code_renews_itself_is_scanned_and_accepted(page: Page, url: str) -> None:
    page.resize(*PHONE)
    page.open(f"{url}/wallet")
    page.run("document.querySelector('#item').value = 'EC-0001'")
    page.click("form button")
    first = digits_of(page)
    assert page.run("document.documentElement.scrollWidth <= innerWidth") is True
    page.wait(f"document.querySelector('[data-digits]').textContent.replace(' ', '') !== '{first}'")
    second = digits_of(page)

    page.resize(*DESKTOP)
    counter(page, url)
    page.leave(lambda: page.type(f"{second}\n"))
    assert page.run("document.querySelector('[data-verdict]').dataset.verdict") == "accept"
    assert page.text("h1").startswith("接受")
    assert page.faults == []


def test_a_code_that_could_not_be_renewed_is_hidden_at_its_end(page: Page, url: str) -> None:
    page.open(f"{url}/wallet/code")
    page.run("window.fetch = () => Promise.reject(new TypeError('away'))")

    page.wait("document.querySelector('[data-renew]').classList.contains('over')")
    assert page.run("getComputedStyle(document.querySelector('.shown svg')).visibility") == "hidden"
    assert page.text("[data-renew-said]") == "暂时无法更新，请检查网络。"


def test_an_input_method_is_noticed_before_anything_is_sent(page: Page, url: str) -> None:
    counter(page, url)
    page.insert("１２３４５６７８")
    page.type("\n")

    assert "全角" in page.text("#code-wrong")
    assert page.run("location.pathname") == COUNTER
    page.run("document.querySelector('#code').value = ''")
    page.type("2")
    assert page.run("document.querySelector('#code-wrong').hidden") is True


def test_a_scan_gun_reaches_the_input_wherever_the_clerk_left_the_focus(page: Page, url: str) -> None:
    page.open(f"{url}/wallet/code?item=EC-0001")
    digits = digits_of(page)
    counter(page, url)
    page.run("document.activeElement.blur()")
    page.leave(lambda: page.type(f"{digits}\n"))

    assert page.run("document.querySelector('[data-verdict]').dataset.verdict") == "accept"


def test_enter_elsewhere_looks_for_the_code_first(page: Page, url: str) -> None:
    counter(page, url)
    page.run("document.querySelector('#case_number').focus()")
    page.type("\n")

    assert page.run("document.activeElement.id") == "code"


def test_without_scripts_everything_still_works(page: Page, url: str) -> None:
    page.without_scripts()
    page.open(f"{url}/wallet/code?item=EC-0001")
    digits = digits_of(page)
    counter(page, url)
    page.leave(lambda: page.type(f"{digits}\n"))

    assert page.text("h1").startswith("接受")
