"""The simulation: what a year of the consortium weighs, from how much is done and what each thing costs; arithmetic.

Arrivals are taken as Poisson: of the spans of `s` seconds in a year, 1 - exp(-rate * s) have something to close. A
batch of certificates and a state of the audit log are anchored once in such a span, a change of status by itself, for
its indices are drawn at random over hundreds of lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp
from typing import Final

from bench.costs import Costs

__all__ = ["CADENCES", "SCENARIOS", "Scenario", "Year", "year"]

DAY: Final = 86_400
YEAR: Final = 365 * DAY
HEARTBEAT: Final = 60
QUIET: Final = 2
"""Blocks that a quiet chain makes at each heartbeat (docs/network.md)."""
LIFE: Final = 5
"""Years that a certificate stands before another replaces it."""
ENDED: Final = 0.02
"""Share of the stock that is revoked or suspended in a year."""
ONLINE, OFFLINE, FILES = 0.70, 0.20, 0.10
"""Shares of verifications by an online code, an offline code and a file."""
ABROAD: Final = 0.25
"""Share of online codes that another region than their home's redeems."""
PEAK: Final = 5
"""The busiest second against the mean."""
CADENCES: Final = (1, 60)
"""ECERT_BATCH_SECONDS: as it is set by default, and as it would be at this size."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """How many regions, certificates that stand, and verifications a day."""

    name: str
    regions: int
    certificates: int
    verifications: int


SCENARIOS: Final = (
    Scenario("4 regions", 4, 400_000_000, 50_000_000),
    Scenario("31 regions, no more certificates", 31, 400_000_000, 50_000_000),
    Scenario("31 regions, each as large as one of the 4", 31, 3_100_000_000, 387_500_000),
)


@dataclass(frozen=True, slots=True)
class Year:
    """One year at one cadence. Bytes, counts and seconds; `region` in a name is one region's share."""

    verdicts_second: float
    verdicts_peak: float
    verdict_processes: int
    redeem_processes: int
    issued_second: float
    issue_processes: int
    database: float
    database_year: float
    region_database_year: float
    bitmap: float
    verification_bits: float
    abroad_bits: float
    batches: float
    audits: float
    changes: float
    blocks: float
    gas_share: float
    chain_year: float
    vote_bits: float
    replica_year: float
    reader_memory_year: float
    catch_up_day: float
    catch_up_year: float


def year(scenario: Scenario, costs: Costs, *, cadence: int) -> Year:
    """Simulate; `cadence` is ECERT_BATCH_SECONDS."""
    weights, chain, regions = costs.weights, costs.chain, scenario.regions
    mean = scenario.verifications / DAY
    online = scenario.verifications * 365 * ONLINE
    issued = scenario.certificates / LIFE
    changes = issued + scenario.certificates * ENDED
    audited = online + issued + changes
    batches = regions * _closed(issued / regions, cadence)
    audits = regions * _closed(audited / regions, max(cadence, chain.block_seconds))
    anchors = batches + audits
    busy = _closed(anchors + changes, chain.block_seconds)
    blocks = busy + (YEAR - busy * chain.block_seconds) / HEARTBEAT * QUIET
    block = chain.block + chain.validator_block * (regions - 4)
    database_year = (
        issued * weights.certificate_database
        + changes * weights.change_database
        + online * weights.redemption_database
        + anchors * weights.batch_database
    )
    following, events = costs.following, anchors + changes
    commits = blocks / _STRETCH * (_signatures(regions) - _signatures(4)) * weights.ed25519_verify_us
    follow = commits + (blocks - busy) * following.empty + busy * following.busy + (events - busy) * following.further
    return Year(
        verdicts_second=mean,
        verdicts_peak=mean * PEAK,
        verdict_processes=ceil(mean * PEAK * (1 - ONLINE) / costs.verdicts),
        redeem_processes=ceil(mean * PEAK * ONLINE / costs.redemptions),
        issued_second=issued / YEAR,
        issue_processes=ceil(issued / YEAR * PEAK / costs.issued),
        database=scenario.certificates * weights.certificate_database,
        database_year=database_year,
        region_database_year=database_year / regions,
        bitmap=scenario.certificates / 4,
        verification_bits=8 * mean * PEAK * (weights.verification_request + weights.verification_answer),
        abroad_bits=8 * mean * PEAK * ONLINE * ABROAD * weights.redemption_answer,
        batches=batches,
        audits=audits,
        changes=changes,
        blocks=blocks,
        gas_share=(anchors * costs.anchor_gas + changes * costs.change_gas)
        / (YEAR / chain.block_seconds * chain.block_gas),
        chain_year=blocks * block + anchors * chain.anchor + changes * chain.change,
        vote_bits=8 * 2 * _VOTE * (regions - 1) / chain.block_seconds,
        replica_year=anchors * weights.batch_replica + changes * weights.change_replica + issued / 4,
        reader_memory_year=anchors * weights.batch_memory,
        catch_up_day=follow / 1e6 / 365,
        catch_up_year=follow / 1e6,
    )


_STRETCH: Final = 100
"""Blocks for each commit that a follower verifies: those between are linked by their hashes."""
_VOTE: Final = 250
"""Bytes of a vote on the wire, at most: each validator sends two a block to each other one."""


def _closed(arrivals: float, span: float) -> float:
    """Count the spans of a year in which something arrives."""
    return YEAR / span * (1 - exp(-arrivals / YEAR * span))


def _signatures(validators: int) -> int:
    """Count the signatures that show more than two thirds."""
    return validators * 2 // 3 + 1
