"""The shell's rules, which every page keeps: who is let in, sessions, forms, languages, scripts and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.runtime.shell import IDLE
from tests.journeys.visitor import Markup, Visitor
from tests.world import World, copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

PAGES = ("/demo", "/wallet", "/wallet/code?item=EC-0001", "/wallet/uses", "/desk", "/desk?q=EC", "/desk/items/EC-0001")
PROBLEM = "/wallet/code?item=EC-9999"
FORWARDING = (
    "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Anything",
)  # fmt: skip


@pytest.fixture
def demo(template: Path, tmp_path: Path) -> Iterator[World]:
    with copied(template, tmp_path / "demo", ECERT_DEMO="1") as opened:
        yield opened


@pytest.fixture
def somebody(demo: World) -> Visitor:
    demo.issue(1)
    visitor = Visitor(demo)
    visitor.be("citizen", "32-1-husband")
    visitor.be("clerk", "31")
    return visitor


def test_there_are_no_pages_but_in_the_demonstration(world: World) -> None:
    assert {Visitor(world).get(page).status_code for page in ("/", *PAGES)} == {404}


@pytest.mark.parametrize(
    ("client", "base", "headers"),
    [
        ("192.0.2.7", "http://127.0.0.1:8000", {}),
        ("testclient", "http://127.0.0.1:8000", {}),
        ("127.0.0.1", "http://rebound.example:8000", {}),
        ("127.0.0.1", "http://127.0.0.1.example", {}),
        ("127.0.0.1", "http://127.0.0.1:8000", {"X-Forwarded-For": "127.0.0.1"}),
    ],
)
def test_nobody_is_let_in_but_this_machine_itself(demo: World, client: str, base: str, headers: dict[str, str]) -> None:
    visitor = Visitor(demo, (client, 50_000), base)
    script = next(each["src"] for each in Markup(_code(demo)).every("script"))

    assert {visitor.get(page, headers=headers).status_code for page in ("/", *PAGES, script)} == {404}


@pytest.mark.parametrize("header", FORWARDING)
def test_no_request_that_a_proxy_forwarded_is_let_in(demo: World, header: str) -> None:
    assert Visitor(demo).get("/demo", headers={"Accept-Language": "zh"}).status_code == 200
    assert Visitor(demo).get("/demo", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://[::1]:8000", "http://127.0.0.1"])
def test_this_machine_is_let_in_by_its_own_names(demo: World, base: str) -> None:
    assert Visitor(demo, ("::1", 1), base).get("/demo").status_code == 200


def test_who_has_chosen_nobody_is_led_to_the_choice(demo: World) -> None:
    for page in ("/wallet", "/desk", "/"):
        answer = Visitor(demo).get(page)
        assert (answer.status_code, answer.headers["location"]) == (303, "/demo")


def test_the_cookie_is_for_this_site_and_no_script(demo: World) -> None:
    said = Visitor(demo).get("/demo").headers["set-cookie"].lower()

    assert all(word in said for word in ("httponly", "samesite=strict", "path=/", f"max-age={IDLE}"))
    assert "secure" not in said


def test_over_tls_the_cookie_is_for_this_host_alone(template: Path, tmp_path: Path) -> None:
    with copied(template, tmp_path / "tls", ECERT_DEMO="1", ECERT_PUBLIC_URL="https://ecert.example") as world:
        said = Visitor(world).get("/demo").headers["set-cookie"]

    assert said.startswith("__Host-ecert=")
    assert "secure" in said.lower()


def test_a_session_ends_when_it_is_idle(somebody: Visitor) -> None:
    somebody.world.time.advance(IDLE - 2)
    assert somebody.get("/wallet").status_code == 200
    somebody.world.time.advance(IDLE)
    assert somebody.get("/wallet").status_code == 303


def test_a_cookie_that_was_touched_is_nobodys(somebody: Visitor) -> None:
    cookie = somebody.cookies["ecert"]
    for touched in (f"{cookie[:-6]}AAAAAA", "AA", "", "é", "A" * 4000):
        header = {"Cookie": f"ecert={touched}".encode("latin-1")}
        assert Visitor(somebody.world).get("/wallet", headers=header).status_code == 303


@pytest.mark.parametrize("path", ["/demo/citizen", "/demo/leave", "/desk/items/EC-0001", "/desk/receipt"])
def test_a_form_without_the_sessions_token_does_nothing(somebody: Visitor, path: str) -> None:
    for token in ({}, {"csrf": ""}, {"csrf": Visitor(somebody.world).token()}):
        assert somebody.ask("POST", path, data=token | {"who": "31-1-wife"}).status_code == 403
    assert "李示例" in somebody.get("/wallet").text


def test_a_choice_begins_a_new_token(somebody: Visitor) -> None:
    old = somebody.token()
    somebody.be("clerk", "32")
    assert somebody.ask("POST", "/demo/leave", data={"csrf": old}).status_code == 403


def test_nobody_can_be_who_does_not_exist(somebody: Visitor) -> None:
    assert somebody.post("/demo/citizen", {"who": "32-1-nobody"}).status_code == 404
    assert somebody.post("/demo/clerk", {"who": "99"}).status_code == 404


def test_leaving_ends_both_roles(somebody: Visitor) -> None:
    assert somebody.post("/demo/leave", {}).status_code == 303
    assert {somebody.get(page).status_code for page in ("/wallet", "/desk")} == {303}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_says_its_language_labels_its_fields_and_has_no_inline_code(somebody: Visitor, lang: str) -> None:
    for path in (*PAGES, PROBLEM):
        answer = somebody.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        page = Markup(answer.text)
        fields = [f for f in page.every("input", "select", "textarea") if f.get("type") != "hidden"]

        assert page.every("html") == [{"lang": {"zh": "zh-CN", "en": "en"}[lang]}]
        assert {f["id"] for f in fields} <= {each["for"] for each in page.every("label")}
        assert all("src" in script for script in page.every("script"))
        assert page.every("style") == []
        assert [name for _, each in page.elements for name in each if name == "style" or name.startswith("on")] == []
        assert {"zh": "演示", "en": "DEMO"}[lang] in page.text
        assert len(page.every("h1")) == len(page.every("main")) == 1
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_form_whose_text_no_page_can_show_is_refused(somebody: Visitor) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{somebody.token()}\r\n--x\r\n'
    body += 'Content-Disposition: form-data; name="case_number"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    answer = somebody.ask("POST", "/desk/items/EC-0001", content=body.encode(), headers=headers)

    assert answer.status_code == 422
    assert "request.malformed" in answer.text


def test_the_language_stays_and_the_switch_keeps_the_place(somebody: Visitor) -> None:
    page = Markup(somebody.get("/desk?q=EC&lang=en").text)

    assert [each["href"] for each in page.every("a") if "hreflang" in each] == ["/desk?q=EC&lang=zh"]
    assert "My certificates" in somebody.get("/wallet").text


def test_a_problem_has_the_switch_where_it_can_be_asked_for_again(somebody: Visitor) -> None:
    def switches(answer: Response) -> list[str]:
        return [each["href"] for each in Markup(answer.text).every("a") if "hreflang" in each]

    (there,) = switches(somebody.get(PROBLEM))
    assert there == "?item=EC-9999&lang=en"
    assert "Back to the demonstration" in somebody.get(f"/wallet/code{there}").text
    assert switches(somebody.get("//elsewhere.example/x")) == ["?lang=zh"]
    assert switches(somebody.post("/demo/clerk", {"who": "nobody"})) == []


def test_what_was_typed_is_shown_as_text(somebody: Visitor) -> None:
    typed = "<script>alert(1)</script>"
    page = somebody.get("/desk", params={"q": typed}).text

    assert typed not in page
    assert "&lt;script&gt;" in page


def test_static_files_are_ours_and_named_by_their_content(somebody: Visitor) -> None:
    (sheet,) = (
        each["href"] for each in Markup(somebody.get("/desk").text).every("link") if each["rel"] == "stylesheet"
    )
    answer = somebody.get(sheet)

    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert somebody.get("/static/0/shell.css").status_code == 404
    assert somebody.get(sheet.replace("shell.css", "..%2fshell.css")).status_code == 404


def test_a_program_still_gets_a_problem_document(somebody: Visitor) -> None:
    answer = somebody.get("/nothing", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


def _code(world: World) -> str:
    visitor = Visitor(world)
    visitor.be("citizen", "31-1-wife")
    return visitor.get("/wallet/code").text
