"""One deployment per region: each has its own, serves the others, and sees an outage and a forged log."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ecert.app.readiness import Degraded, degraded
from ecert.app.regions.running import raised, serving
from ecert.app.watching import Watch
from ecert.domain.errors import Unavailable
from ecert.domain.receipt import format_container
from ecert.domain.use import parse_use
from issuer.kept import read
from tests.delta import ITEM, LI, WANTS, code_of, copied, driver, furnish, new_key, settle_judged, standing
from tests.world import use
from verifier.presentations import Asking, verify_file
from verifier.redemptions import Redemption, redeem
from wallet_codes.holdings import HoldingsRequest
from wallet_codes.usage import uses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.app.delta import Delta
    from ecert.app.wiring import House
    from verifier.report import Report


@pytest.fixture
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the founded regions of a run lie, that others are copies of."""
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def delta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delta]:
    with standing(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("delta") / "var") as opened:
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


def test_a_home_region_down_stops_its_online_codes_alone(templates: Path, tmp_path: Path) -> None:
    laid, time = copied(templates, tmp_path / "var")
    with raised(laid, time, drivers={"embedded": driver(time)}) as delta, ExitStack() as others:
        for region in (31, 33, 34):
            others.enter_context(serving(delta.of(region), laid.ports[region]))
        with serving(delta.of(32), laid.ports[32]):
            delta.settle()
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


def test_a_forged_audit_log_is_caught_by_every_other_region(templates: Path, tmp_path: Path) -> None:
    with standing(templates, tmp_path / "var") as delta:
        for _ in range(2):
            write_audit(delta.of(32), "honest")
            delta.settle()
        assert all(house.replica.forged_logs == {} for house in delta.each)

        forge = text("UPDATE ledger_audit SET leaf = :leaf WHERE position = 0")
        with delta.of(32).floor.database.transaction() as connection:
            assert connection.execute(forge, {"leaf": bytes(32)}).rowcount == 1
        write_audit(delta.of(32), "after the forgery")
        settle_judged(delta, 32, by=(31, 33, 34))

        batches = len(delta.of(31).replica.audit_logs[32])
        assert [delta.of(region).replica.forged_logs for region in (31, 33, 34)] == [{32: (batches,)}] * 3


class Mute:
    """The audit log of a region that answers 503 to whoever wants a proof."""

    def consistency(self, **_: int) -> list[bytes]:
        raise Unavailable("storage.unavailable")


def test_a_region_that_forged_its_log_does_not_escape_by_silence(templates: Path, tmp_path: Path) -> None:
    with standing(templates, tmp_path / "var") as delta:
        write_audit(delta.of(32), "honest")
        settle_judged(delta, 32, by=(31,))
        forger, watcher = delta.of(32), delta.of(31)
        honest = forger.proofs.audit
        object.__setattr__(forger.proofs, "audit", Mute())
        with forger.floor.database.transaction() as connection:
            connection.execute(text("UPDATE ledger_audit SET leaf = :leaf WHERE position = 0"), {"leaf": bytes(32)})
        write_audit(forger, "after the forgery")
        delta.settle()

        assert (watcher.replica.forged_logs, len(watcher.replica.unjudged(32))) == ({}, 1)
        assert "proofs" not in {each.name for each in degraded(watcher)}
        assert '\necert_audit_unproved{region="32"} 1\n' in Watch(watcher).text()
        watcher.floor.clock.advance(3601)  # type: ignore[attr-defined] # the tests' own
        assert Degraded("proofs", "operation.audit_unproved") in degraded(watcher)
        (age,) = re.findall(r'\necert_audit_unproved_age_seconds{region="32"} (\S+)\n', Watch(watcher).text())
        assert float(age) > 3600

        object.__setattr__(forger.proofs, "audit", honest)
        settle_judged(delta, 32, by=(31,))
        assert watcher.replica.forged_logs == {32: (len(watcher.replica.audit_logs[32]),)}
        assert "proofs" not in {each.name for each in degraded(watcher)}


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
