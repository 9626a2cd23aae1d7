"""A browser without scripts, in this process: it keeps cookies, fills forms in and reads what a page's HTML says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.world import World

HERE = ("127.0.0.1", 50_000)


class Markup(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def every(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@dataclass
class Visitor:
    """Somebody at a browser; `client` is the address that the server sees."""

    world: World
    client: tuple[str, int] = HERE
    base: str = "http://127.0.0.1:8000"
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        return asyncio.run(self._ask(method, path, **more))

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, fields: dict[str, str], **more: object) -> httpx.Response:
        """Send a form under this session's own token."""
        return self.ask("POST", path, data={"csrf": self.token()} | fields, **more)

    def token(self) -> str:
        return next(
            each["value"] for each in Markup(self.get("/demo").text).every("input") if each.get("name") == "csrf"
        )

    def be(self, role: str, who: str) -> None:
        answer = self.post(f"/demo/{role}", {"who": who})
        assert answer.status_code == 303, answer.text

    def digits(self, item: str = "EC-0001", owner: int = 0) -> str:
        """Show a code and read the eight digits out."""
        answer = self.get(f"/wallet/code?item={item}&owner={owner}")
        assert answer.status_code == 200, answer.text
        return answer.text.partition("data-digits>")[2].partition("<")[0].replace(" ", "")

    def scan(self, code: str, item: str = "EC-0001", *, picture: bytes = b"", **fields: str) -> httpx.Response:
        """Fill the desk's form in as the page offers it, with a code, and send it."""
        page = Markup(self.get(f"/desk/items/{item}").text)
        offered = {each["name"]: each.get("value", "") for each in page.every("input") if each["type"] != "file"}
        form = offered | {"code": code, "legal_basis": "duty", "id_type": "001"} | fields
        files = {"picture": ("code.png", picture, "image/png")} if picture else None
        return self.ask("POST", f"/desk/items/{item}", data=form, files=files)

    async def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Accept": "text/html"} | dict(more.pop("headers", {}))
        transport = httpx.ASGITransport(self.world.app, client=self.client)
        async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
            answer = await client.request(method, path, headers=headers, **more)
            self.cookies.update(client.cookies)
            return answer


def verdict_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text.partition('data-verdict="')[2].partition('"')[0]
