"""One deployment per region: what an outage, a forged log and a whole demonstration leave to be seen."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from ecert.app.demo.founding import bootstrap_delta
from ecert.app.regions.running import raised, serving
from ecert.domain import certificate
from ecert.domain.catalogue import by_code
from ecert.domain.receipt import format_container
from ecert.domain.use import parse_use
from issuer.kept import read
from issuer.seals import open_certificate, open_mutable
from issuer.store import certificates
from tests.delta import ITEM, LI, WANTS, code_of, driver, furnish, laid_out, new_key, standing
from tests.demonstration import run_demonstration
from tests.journeys.test_demo_privacy import COUNTIES, found, texts_of
from tests.world import BEGINNING, Time, use
from verifier.presentations import Asking, verify_file
from verifier.redemptions import Redemption, redeem
from wallet_codes.holdings import HoldingsRequest
from wallet_codes.usage import uses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.app.delta import Delta
    from ecert.app.wiring import House
    from tests.demonstration import Run
    from verifier.report import Report


@pytest.fixture(scope="module")
def delta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delta]:
    with standing(tmp_path_factory.mktemp("delta") / "var") as opened:
        furnish(opened)
        yield opened


def present(delta: Delta, text: str, region: int = 31) -> Report:
    """Present a code at Qingpu's window."""
    window = delta.of(region)
    redemption = Redemption(text, parse_use(use(division="310118", item=ITEM)), LI.ref, "key:test", new_key())
    return redeem(redemption, codes=window.codes, replica=window.replica, now=window.floor.now())


def codes_in(report: Report) -> dict[str, object]:
    every = [*report.findings, *(finding for each in report.certificates for finding in each.findings)]
    return {finding.code: finding.evidence for finding in every}


def test_each_deployment_has_its_own_everything_and_one_chain(delta: Delta) -> None:
    houses = delta.each

    assert len({house.floor.settings.home for house in houses}) == 4
    assert len({house.floor.settings.database for house in houses}) == 4
    assert len({house.replica.path for house in houses}) == 4
    assert len({house.floor.settings.public_url for house in houses}) == 4
    assert len({house.directory for house in houses}) == 1
    own = [set(house.floor.keys.names()) for house in houses]
    assert all("chain-31-admin" not in names for names in own[1:])
    assert {f"region-{region}-gateway-1" for region in (31, 32, 33, 34)} == {
        name for names in own for name in names if "gateway" in name
    }


def test_the_wujiang_holder_is_served_at_the_qingpu_window(delta: Delta) -> None:
    report = present(delta, code_of(delta))

    assert report.verdict.value == "accept"
    assert len(report.certificates) == len(WANTS)
    assert [each.use.division for each in uses(delta.of(32).home, region=32, holder=LI.ref)][:1] == ["310118"]
    asked = [record.record for record in delta.of(32).audit.read(32) if record.kind == "redeem"]
    assert asked
    assert delta.of(31).audit.read(31) == []


def test_who_asks_for_certificates_is_recorded_without_the_holder(delta: Delta) -> None:
    delta.of(33).home.holdings[32].held(HoldingsRequest(LI.ref, (WANTS[0].kind.code,)))
    (*_, last) = [record for record in delta.of(32).audit.read(32) if record.kind == "asked"]

    assert last.record == {"by": "33", "types": [WANTS[0].kind.code], "found": 1}


def test_a_home_region_down_stops_its_online_codes_alone(tmp_path: Path) -> None:
    time = Time(BEGINNING)
    laid = laid_out(tmp_path / "var")
    with raised(laid, time, drivers={"embedded": driver(time)}) as delta, ExitStack() as others:
        for region in (31, 33, 34):
            others.enter_context(serving(delta.of(region), laid.ports[region]))
        with serving(delta.of(32), laid.ports[32]):
            bootstrap_delta(delta)
            licences = furnish(delta)
            online, offline = code_of(delta), code_of(delta, kind="offline", item="EC-0101")
            container = read(delta.of(32).issuer, licences[1], authority=WANTS[0].seat.uscc).container

        report = present(delta, online)
        assert report.verdict.value == "cannot_decide"
        assert codes_in(report)["home.unreachable"] == {"cause": "gateway.away"}
        assert present_offline(delta, offline).verdict.value == "accept"
        assert stored(delta, format_container(container)).verdict.value == "accept"

        with serving(delta.of(32), laid.ports[32]):
            assert present(delta, online).verdict.value == "accept"


def test_a_forged_audit_log_is_caught_by_every_other_region(tmp_path: Path) -> None:
    with standing(tmp_path / "var") as delta:
        for _ in range(2):
            write_audit(delta.of(32), "honest")
            delta.settle()
        assert all(house.replica.forged_logs == {} for house in delta.each)

        path = delta.of(32).floor.settings.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as rows, rows:
            assert rows.execute("UPDATE ledger_audit SET leaf = ? WHERE position = 0", (bytes(32),)).rowcount == 1
        write_audit(delta.of(32), "after the forgery")
        settle_judged(delta, 32, by=(31, 33, 34))

        batches = len(delta.of(31).replica.audit_logs[32])
        assert [delta.of(region).replica.forged_logs for region in (31, 33, 34)] == [{32: batches}] * 3


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    home = tmp_path_factory.mktemp("network") / "var"
    return home, run_demonstration(home, "--network", "--json", where=home.parent)


def test_the_whole_demonstration_holds_on_four_deployments(network: tuple[Path, Run]) -> None:
    _, run = network

    assert run.code == 0, run.err[-2000:]
    assert run.result["summary"]["missed"] == 0
    told = {each["name"]: each["got"] for each in run.result["expectations"]}
    assert (told["story-archive"], told["home-region-unreachable"]) == ("accept", "cannot_decide")


@pytest.mark.network
def test_the_whole_demonstration_holds_on_four_validators_and_four_processes(tmp_path: Path) -> None:
    run = run_demonstration(tmp_path / "var", "--network", "--json")

    assert (run.code, run.result["summary"]["missed"]) == (0, 0), run.err[-2000:]
    assert "on one embedded chain" not in run.err
    assert {path.name for path in (tmp_path / "var/regions").glob("*/serve.json")} == {"serve.json"}
    assert len(list((tmp_path / "var/regions").glob("*/serve.json"))) == 4


def test_qingpu_keeps_nothing_of_the_wujiang_holder_and_a_planted_element_is_found(
    network: tuple[Path, Run], tmp_path: Path
) -> None:
    home, run = network
    time = Time(run.ended)
    laid = laid_out(home / "regions")
    with raised(laid, time, drivers={"embedded": driver(time)}) as delta:
        personal = frozenset(personal_of(delta.of(32))) - frozenset(everybody_of(delta.of(31))) - COUNTIES
        assert {LI.id, LI.name} <= personal
        assert len(personal) > 10

        kept = left_by(delta.of(31))
        assert len(kept) > 100_000
        assert found(personal, kept) == set()
        assert found(personal, run.err.encode()) == set()

        write_audit(delta.of(31), LI.id)
        (tmp_path / "log").write_text(json.dumps({"event": LI.name}, ensure_ascii=False), "utf-8")
        assert found(personal, left_by(delta.of(31))) == {LI.id}
        assert found(personal, (tmp_path / "log").read_bytes()) == {LI.name}


def settle_judged(delta: Delta, region: int, *, by: tuple[int, ...]) -> None:
    """Settle until each has judged all of a region's log: one that did not answer in time is asked again."""
    others = [delta.of(other).replica for other in by]
    for _ in range(100):
        delta.settle()
        if all(each.judged_logs[region] == len(each.audit_logs[region]) for each in others):
            return
    raise AssertionError([each.judged_logs for each in others])


def write_audit(house: House, who: str) -> None:
    (region,) = house.floor.regions
    with house.floor.database.transaction() as connection:
        house.audit.record(connection, region=region, kind="test", record={"who": who}, now=house.floor.now())


def present_offline(delta: Delta, text: str) -> Report:
    window = delta.of(31)
    redemption = Redemption(text, parse_use(use(division="310118", item="EC-0101")), LI.ref, "key:test", new_key())
    return redeem(redemption, codes=window.codes, replica=window.replica, now=window.floor.now())


def stored(delta: Delta, data: bytes) -> Report:
    window = delta.of(31)
    return verify_file(data, asking=Asking("310118", LI.ref), replica=window.replica, now=window.floor.now())


def personal_of(house: House) -> Iterator[str]:
    """Yield all that Jiangsu's certificates say of Mr Li."""
    for read_face in faces(house):
        if LI.id in {holder.id for holder in read_face.holders}:
            yield from (read_face.licence.serial, LI.id, LI.name)
            yield from texts_of(by_code(read_face.type_code).elements, read_face.elements)


def everybody_of(house: House) -> Iterator[str]:
    """Yield all that this region's own certificates say of its own people: a shared birthplace names nobody."""
    for read_face in faces(house):
        yield from texts_of(by_code(read_face.type_code).elements, read_face.elements)


def faces(house: House) -> Iterator[certificate.Certificate]:
    with closing(sqlite3.connect(house.floor.settings.database.removeprefix("sqlite:///"))) as rows:
        licences = [row[0] for row in rows.execute("SELECT id FROM issuer_certificate")]
    with house.floor.database.reading() as connection:
        for row in certificates.find_all(connection, licences).values():
            yield certificate.parse(open_certificate(house.floor.vault, row))


def left_by(house: House) -> bytes:
    """Give every file of a deployment, and all that its own keys can open in its database."""
    parts = [path.read_bytes() for path in sorted(house.floor.settings.home.rglob("*")) if path.is_file()]
    parts += [record.body for region in house.floor.regions for record in house.audit.read(region)]
    with closing(sqlite3.connect(house.floor.settings.database.removeprefix("sqlite:///"))) as rows:
        licences = [row[0] for row in rows.execute("SELECT id FROM issuer_certificate")]
        names = [row[0] for row in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        every = [row for name in names for row in rows.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - own names
    parts += [str(value).encode() for row in every for value in row if not isinstance(value, bytes)]
    parts += [value for row in every for value in row if isinstance(value, bytes)]
    with house.floor.database.reading() as connection:
        stored_rows = certificates.find_all(connection, licences).values()
    for row in stored_rows:
        face = certificate.parse(open_certificate(house.floor.vault, row))
        parts += [
            json.dumps(face.elements, ensure_ascii=False).encode(),
            str(open_mutable(house.floor.vault, row)).encode(),
        ]
        parts += [f"{holder.id} {holder.name}".encode() for holder in face.holders]
    return b"\x00|\x00".join(parts)
