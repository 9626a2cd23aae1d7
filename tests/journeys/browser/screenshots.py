"""`make screenshots`: every page in both languages, on a desktop and on a phone, to be looked at by people.

python -m tests.journeys.browser.screenshots build/screenshots
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap
from ecert.app.demo.furnishing import furnish_people
from ecert.app.demo.people import household
from ecert.domain.catalogue import by_no
from tests.journeys.browser.chromium import DESKTOP, PHONE, Page, chromium
from tests.journeys.browser.site import served
from tests.world import World, opened

ITEM, SHOWN = "EC-0001", "EC-0101"
LI = household(32, 1).people["husband"].ref
PERMIT = 5
"""A residence permit, which Shanghai takes from no other province."""


class Album:
    """Takes the pages of one language and one size."""

    def __init__(self, page: Page, url: str, folder: Path, name: str) -> None:
        self.page, self.url, self.folder, self.name = page, url, folder, name

    def take(self, title: str, path: str | None = None) -> None:
        if path is not None:
            self.page.open(f"{self.url}{path}")
        (self.folder / f"{title}-{self.name}.png").write_bytes(self.page.picture())

    def desk(self, title: str, code: str, item: str = ITEM, person: str = "") -> None:
        """Scan a code, perhaps of a person who was identified, and take what the window is told."""
        self.page.open(f"{self.url}/desk/items/{item}")
        self.page.wait("document.activeElement.id === 'code'")
        self.page.run(f"document.querySelector('[name=id]').value = '{person}'")
        self.page.leave(lambda: self.page.type(f"{code}\n"))
        self.take(title)


def take_all(world: World, album: Album, lang: str) -> None:
    page, url = album.page, album.url
    album.take("demo", f"/demo?lang={lang}")
    page.click("button[value='32-1-husband']")
    album.take("wallet")
    album.take("code", f"/wallet/code?item={ITEM}")
    used = page.text("[data-digits]").replace(" ", "")
    page.open(f"{url}/demo")
    page.click("button[value='31']")
    album.take("desk")
    album.take("desk-found", "/desk?q=%E4%B8%8D%E5%8A%A8%E4%BA%A7")
    album.take("counter", f"/desk/items/{ITEM}")
    page.insert("１２３４")
    album.take("counter-full-width")
    album.desk("result-accept", used)
    album.desk("result-used", used)
    world.house.gateways[32].is_open = False
    album.desk("result-outage", "20000000")
    world.house.gateways[32].is_open = True
    page.open(f"{url}/demo")
    page.click("button[value='32-1-wife']")
    page.open(f"{url}/wallet/code?item={ITEM}")
    album.desk("result-incomplete", page.text("[data-digits]").replace(" ", ""))
    offline = world.mint(LI, kind="offline", item=SHOWN)["text"]
    album.desk("result-offline", offline, SHOWN, LI.id)
    permit = world.mint(LI, item=SHOWN, types=[by_no(PERMIT).code])["text"]
    album.desk("result-unrecognised", permit, SHOWN, LI.id)
    page.open(f"{url}/demo")
    page.click("button[value='32-1-husband']")
    page.open(f"{url}/wallet/uses")
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    album.take("uses")
    album.take("problem", "/wallet/code?item=EC-9999")


def main(target: Path) -> int:
    """Write the pictures; 1 where a page's console shows a fault."""
    target.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder) / "home", ECERT_DEMO="1") as world,
        served(world.app) as url,
    ):
        bootstrap(world.house)
        furnish_people(Delta.alone(world.house))
        world.issue(PERMIT)
        world.settle()
        for lang in ("zh", "en"):
            for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
                with chromium(Path(folder) / f"{lang}-{name}", size) as page:
                    take_all(world, Album(page, url, target, f"{lang}-{name}"), lang)
                    faults += (fault for fault in page.faults if "status of 4" not in fault)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
