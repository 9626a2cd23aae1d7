"""The checker shows of a real network's bundles what was recorded there, alone, and of a bent one nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak

from contracts import artifacts
from ledger.evidence import checker
from ledger.evidence.checker import Refused

VECTORS = Path(__file__).parents[2] / "vectors" / "evidence"
CASES: dict[str, Any] = json.loads((VECTORS / "cases.json").read_bytes())
NAMES = sorted(CASES["reports"])
GENESIS = checker.read_genesis((VECTORS / "genesis.json").read_bytes())


def content(name: str) -> bytes:
    return (VECTORS / f"{name}.bundle.json").read_bytes()


def refusal(told: dict[str, Any], genesis: checker.Genesis = GENESIS) -> str:
    with pytest.raises(Refused) as refused:
        checker.judge(checker.canonical(told), genesis)
    return refused.value.code


@pytest.fixture
def told() -> dict[str, Any]:
    return read("untouched")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content(name))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_shows_what_was_recorded(name: str) -> None:
    assert checker.judge(content(name), GENESIS) == CASES["reports"][name]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("untouched", ("valid", "good", [], True)),
        ("valid", ("valid", "good", [], True)),
        ("revoked", ("revoked", "good", ["status.revoked"], False)),
        ("sm2", ("valid", "not judged: SM2-SM3", [], True)),
        ("not_granted", ("valid", "good", ["authority.not_granted"], False)),
        ("changed", ("valid", "good", [], True)),
        ("three_of_four", ("valid", "good", [], True)),
    ],
)
def test_the_cases_are_what_their_names_say(name: str, shown: tuple[object, ...]) -> None:
    report = checker.judge(content(name), GENESIS)

    assert (report["status"], report["signature"], report["faults"], report["stands"]) == shown


def test_the_vectors_hold_absence_changes_of_the_set_and_a_missing_vote() -> None:
    # Of the three offices none has ended: a last block of 0 is a slot that is absent.
    assert [_absences(name) for name in ("valid", "untouched", "not_granted")] == [3, 4, 4]
    assert len(read("changed")["blocks"]) == 3
    assert read("three_of_four")["blocks"][0]["commit"]["signatures"].count(None) == 1


@pytest.mark.parametrize(("name", "code"), [("valid", 0), ("sm2", 0), ("revoked", 1)])
def test_one_file_needs_nothing_else_of_the_house(name: str, code: int, tmp_path: Path) -> None:
    program = tmp_path / "checker.py"
    program.write_bytes(Path(checker.__file__).read_bytes())
    trusted = ["--genesis", str(VECTORS / "genesis.json")]
    command = [sys.executable, "-I", str(program), str(VECTORS / f"{name}.bundle.json"), *trusted]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)

    assert (run.returncode, run.stderr) == (code, "")
    assert json.loads(run.stdout) == CASES["reports"][name]


def test_the_program_says_where_the_evidence_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bent = tmp_path / "bent.json"
    bent.write_bytes(content("valid").replace(b'"v":1', b'"v":2'))
    trusted = ["--genesis", str(VECTORS / "genesis.json")]

    assert checker.main([str(bent), *trusted]) == 2
    assert "evidence.form" in capsys.readouterr().err
    assert checker.main([str(tmp_path / "none.json"), *trusted]) == 2
    other = ["--consortium", "0x" + "11" * 20]
    assert checker.main([str(VECTORS / "valid.bundle.json"), *trusted, *other]) == 2
    assert "evidence.proof" in capsys.readouterr().err


def test_the_slots_are_those_that_the_artefacts_publish() -> None:
    frozen = {
        ("Consortium", "directory"): checker.DIRECTORY_SLOT,
        ("TrustRegistry", "authorities"): checker.AUTHORITIES_SLOT,
        ("TrustRegistry", "keys"): checker.KEYS_SLOT,
        ("TrustRegistry", "grants"): checker.GRANTS_SLOT,
        ("CertificateAnchor", "batches"): checker.BATCHES_SLOT,
        ("StatusRegistry", "sizes"): checker.SIZES_SLOT,
        ("StatusRegistry", "words"): checker.WORDS_SLOT,
    }
    frozen |= {(name, "count"): checker.COUNT_SLOT for name in artifacts.NAMES}
    frozen |= {(name, "head"): checker.HEAD_SLOT for name in artifacts.NAMES}

    assert {key: _published(*key) for key in frozen} == frozen


@pytest.mark.parametrize("size", [0, 1, 3, 135, 136, 137, 271, 272, 1000])
def test_keccak_is_that_of_others(size: int) -> None:
    message = bytes(number * 7 % 256 for number in range(size))

    assert checker.keccak256(message) == keccak(message)


def test_keccak_of_published_vectors() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"  # Ethereum's hash of nothing

    assert checker.keccak256(b"").hex() == empty
    assert checker.keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


def test_another_genesis_or_consortium_is_refused(told: dict[str, Any]) -> None:
    assert refusal(told, replace(GENESIS, chain_id="ecert-other")) == "evidence.signature"
    assert refusal(told, replace(GENESIS, validators=GENESIS.validators[:3])) == "evidence.validators"
    assert refusal(told, replace(GENESIS, consortium=bytes(20))) == "evidence.proof"
    assert refusal(told, replace(GENESIS, consortium=b"")) == "evidence.genesis"


def test_two_of_four_signatures_are_too_few(told: dict[str, Any]) -> None:
    told["blocks"][0]["commit"]["signatures"][:2] = [None, None]

    assert refusal(told) == "evidence.power"


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda b: b["slots"].append(b["slots"][0]), "evidence.form"),
        (lambda b: b["slots"].append(None), "evidence.form"),
        (lambda b: b["slots"].pop(), "evidence.form"),
        (lambda b: b["slots"].reverse(), "evidence.proof"),
        (lambda b: b["blocks"].clear(), "evidence.form"),
        (lambda b: b["blocks"].append(b["blocks"][0]), "evidence.order"),
        (lambda b: b.update(more=1), "evidence.form"),
        (lambda b: b.update(v=True), "evidence.form"),
        (lambda b: b["receipt"].update(index=b["receipt"]["index"] + 1), "evidence.certificate"),
        (lambda b: b["receipt"].update(size=b["receipt"]["size"] + 1), "evidence.certificate"),
        (lambda b: b["receipt"].update(path=[]), "evidence.certificate"),
        (lambda b: b.update(certificate=read("valid")["certificate"]), "evidence.certificate"),
        (lambda b: b.update(spki=read("sm2")["spki"]), "evidence.certificate"),
    ],
)
def test_what_does_not_belong_together_is_refused(told: dict[str, Any], bend: Any, code: str) -> None:  # noqa: ANN401 - a lambda
    bend(told)

    assert refusal(told) == code


@pytest.mark.parametrize("name", ["untouched", "valid", "revoked"])
def test_a_certificate_has_one_place_in_its_batch(name: str) -> None:
    told = read(name)
    place, size = told["receipt"]["index"], told["receipt"]["size"]
    others = [(i, n) for i in range(70) for n in range(12) if (i, n) != (place, size)]

    for index, length in others:
        bent = {**told, "receipt": {**told["receipt"], "index": index, "size": length}}
        assert refusal(bent) == "evidence.certificate", (index, length)


def test_blocks_that_change_the_set_stand_in_their_order() -> None:
    told = read("changed")
    first, second, third = told["blocks"]

    assert refusal({**told, "blocks": [second, third]}) == "evidence.validators"
    assert refusal({**told, "blocks": [first, third]}) == "evidence.validators"
    swapped = {**first, "next": second["next"]}
    assert refusal({**told, "blocks": [swapped, second, third]}) == "evidence.validators"
    assert refusal({**told, "blocks": [{**first, "next": None}, second, third]}) == "evidence.order"


@pytest.mark.parametrize("bent", [b"", b"{}", b"[]", b"null", b"1", b"\xff", b'{"v":NaN}', b"[" * 5000])
def test_what_is_no_bundle_is_refused(bent: bytes) -> None:
    with pytest.raises(Refused):
        checker.judge(bent, GENESIS)


def test_a_bundle_has_one_form(told: dict[str, Any]) -> None:
    own = checker.canonical(told)
    for other in (
        own.rstrip(),
        own + b"\n",
        b" " + own,
        json.dumps(told).encode(),
        own.replace(b'"v":1', b'"v":1,"v":1'),
    ):
        with pytest.raises(Refused, match="form"):
            checker.judge(other, GENESIS)


@pytest.mark.parametrize(
    "bent",
    [
        b"",
        b"{}",
        b"[]",
        b'{"validators": []}',
        b'{"chain_id": 1, "genesis_time": "x", "validators": []}',
        b'{"chain_id": "a", "genesis_time": "2026-01-01T00:00:00Z", "validators": []}',
        b'{"chain_id": "a", "genesis_time": "2026-01-01T00:00:00Z", "validators": [], "initial_height": 1e999}',
    ],
)
def test_what_is_no_genesis_is_named(bent: bytes) -> None:
    with pytest.raises(Refused, match="genesis"):
        checker.read_genesis(bent)


def test_a_validators_key_used_twice_is_named() -> None:
    told = json.loads((VECTORS / "genesis.json").read_bytes())
    told["consensus"]["validators"].append(told["consensus"]["validators"][0])

    with pytest.raises(Refused, match="own Ed25519 key"):
        checker.read_genesis(json.dumps(told).encode())


def _absences(name: str) -> int:
    return sum("left" in proof for proof in read(name)["slots"])


def _published(contract: str, label: str) -> int:
    (slot,) = [entry["slot"] for entry in _layout(contract) if entry["label"] == label]
    return int(slot)


def _layout(contract: str) -> list[dict[str, Any]]:
    told = json.loads((Path(artifacts.__file__).parent / "artifacts" / f"{contract}.json").read_bytes())
    layout: list[dict[str, Any]] = told["storage"]
    return layout
