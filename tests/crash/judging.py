"""The judge opens a house after its death, asks again for what got no answer, lets it settle and looks at all of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ecert.app.demo.founding import bootstrap
from ecert.app.wiring import House
from ecert.domain.errors import Conflict, EcertError, VerificationFailed
from issuer.kept import read
from ledger.port import Call
from tests.crash.acting import again, perform, want_of
from tests.crash.calling import untold
from tests.crash.housing import NOTES, opened
from tests.crash.notes import Act, Book, Json, Notes, read_book
from tests.crash.standing import Standing, faults, name_of, restored_faults, rows
from verifier.evidence import Presented, Question
from verifier.findings import Verdict
from verifier.verify import verify

__all__ = ["judge", "judge_founding", "judge_restored"]

_UNTIL_DUE = 4
"""Seconds: longer than any change of status waits in this work."""


def judge(home: Path) -> list[str]:
    """Tell what is wrong with the house in `home`; an empty list for nothing."""
    try:
        with opened(home) as (house, time):
            book = _ask_again(house, home)
            time.advance(_UNTIL_DUE)
            house.settle()
            wrong = [*book.unnamed, *_broken_promises(house, book)]
            house.settle()  # the codes that were left are used by now
            return [*wrong, *_watched(house, book), *untold(house, home), *_stands(house, home), *_goes_on(house)]
    except (EcertError, VerificationFailed, AssertionError) as fault:
        return [f"does not open, answer or settle: {fault}"]


def judge_founding(home: Path) -> list[str]:
    """Tell what is wrong with a house that died while it was founded."""
    try:
        with opened(home) as (house, _):
            bootstrap(house)
            return [*read_book(home / NOTES).unnamed, *_stands(house, home), *_goes_on(house)]
    except (EcertError, VerificationFailed, AssertionError) as fault:
        return [f"does not open or settle: {fault}"]


def judge_restored(home: Path, told: Path) -> list[str]:
    """Tell what is wrong with a house that came back from a backup, whose notes until then are at `told`."""
    try:
        with opened(home) as (house, time):
            time.advance(_UNTIL_DUE)
            house.settle()
            scratch = home / "replica-anew"
            wrong = [*_kept(house, read_book(told)), *restored_faults(Standing.of(house), scratch)]
            shutil.rmtree(scratch)
            return [*wrong, *_goes_on(house)]
    except (EcertError, VerificationFailed, AssertionError) as fault:
        return [f"does not open or settle: {fault}"]


def _ask_again(house: House, home: Path) -> Book:
    notes = Notes(home / NOTES)
    for act in read_book(home / NOTES).open:
        if act.kind == "rotate":
            house.settle()  # what an authority still lacks is judged by what was followed
        notes.told(act, again(house, act))
    return read_book(home / NOTES)


def _stands(house: House, home: Path) -> Iterator[str]:
    scratch = home / "replica-anew"
    yield from faults(Standing.of(house), scratch)
    shutil.rmtree(scratch)


def _broken_promises(house: House, book: Book) -> Iterator[str]:
    """Nothing acknowledged is missing or other than it was told."""
    yield from _kept(house, book)
    yield from _statuses(house, book)
    for act, told in book.told("redeem"):
        yield from _redeemed(house, act, told)
    for act, told in [*book.told("issue"), *book.told("change"), *book.told("renew")]:
        if perform(house, act) != told:
            yield f"promise: {act.kind} {act.key} is answered otherwise the second time"
    minted = {told["text"] for _, told in book.told("mint") if told}
    redeemed = {act.about["text"] for act in book.acts.values() if act.kind == "redeem"}
    yield from _unused(house, book, minted - redeemed)


def _kept(house: House, book: Book) -> Iterator[str]:
    """Each certificate acknowledged is there, and anchored."""
    for _, told in [*book.told("issue"), *book.told("renew")]:
        for one in told["issued"]:
            yield from _certificate(house, one)


def _certificate(house: House, told: dict[str, str]) -> Iterator[str]:
    kept = read(house.issuer, told["licence_id"], authority=told["authority"])
    text, receipt = kept.container.sd_jwt, kept.container.receipt
    if sha256(text.encode()).hexdigest() != told["text"]:
        yield f"promise: {told['licence_id']} is another text than the one acknowledged"
    if receipt is None:
        yield f"promise: {told['licence_id']} has no receipt"
        return
    region = int(told["authority"][2:4])
    where = (region, 1, receipt.batch, bytes.fromhex(told["fingerprint"]), receipt.index, list(receipt.path))
    call = Call("CertificateAnchor", bytes.fromhex(receipt.contract[2:]), "verifyInclusion", where)
    if house.floor.ledger.ask(call) != (True,):
        yield f"promise: the chain does not know the receipt of {told['licence_id']}"
    judged = verify(Presented(text, receipt), question=Question("310118"), replica=house.replica, now=house.floor.now())
    codes = {finding.code for finding in judged.findings}
    if "anchor.final" not in codes:
        yield f"promise: the verifier says {sorted(codes)} of {told['licence_id']}"


def _statuses(house: House, book: Book) -> Iterator[str]:
    expected: dict[str, str] = {}
    for key, act in book.acts.items():
        if act.kind == "change":
            expected[act.about["licence_id"]] = book.answers[key]["status"]
        elif act.kind == "renew":
            expected[act.about["licence_id"]] = "SUPERSEDED"
    found = {row.id: name_of(row.status) for row in rows(house, "SELECT id, status FROM issuer_certificate")}
    for licence_id, status in found.items():
        if status != expected.get(licence_id, "VALID"):
            yield f"promise: {licence_id} is {status}, told was {expected.get(licence_id, 'VALID')}"


def _watched(house: House, book: Book) -> Iterator[str]:
    """Whatever was said to be watched is, as long as its subscription stands."""
    found = {(row.subscription, row.licence) for row in rows(house, "SELECT * FROM callback_acceptance")}
    alive = {row.id for row in rows(house, "SELECT id FROM callback_subscription")}
    for act, told in book.told("accept"):
        place = (act.about["id"], act.about["licence_id"])
        if told["kept"] and place[0] in alive and place not in found:
            yield f"promise: {place[1]} is not watched"


def _redeemed(house: House, act: Act, told: Json) -> Iterator[str]:
    if perform(house, act) != told:
        yield f"promise: {act.key} redeemed again gives other bytes"
    try:
        perform(house, Act("redeem", f"{act.key}-other", act.about))
    except Conflict as fault:
        if fault.code != "code.used":
            yield f"promise: a used code is refused with {fault.code}"
    else:
        yield f"promise: the code of {act.key} was redeemed twice"


def _unused(house: House, book: Book, texts: set[str]) -> Iterator[str]:
    typed = {act.about["text"] for act in book.acts.values() if act.kind == "redeem"}
    for act, told in book.told("mint"):
        if told and told["text"] in texts and told["typed"] not in typed:
            about = {"text": told["text"], **{k: act.about[k] for k in ("region", "number")}, "item": "EC-0001"}
            answer = perform(house, Act("redeem", f"{act.key}-late", about))
            if not answer["response"]:
                yield f"promise: the code {act.key} does not redeem"


def _goes_on(house: House) -> Iterator[str]:
    """The next certificate is issued, anchored and accepted as if nothing had been."""
    about = {"type_no": 1, "region": 32, "number": 1}
    issued = perform(house, Act("issue", f"after-{house.floor.now()}", {"region": 32, "wants": [about]}))["issued"][0]
    house.settle()
    kept = read(house.issuer, issued["licence_id"], authority=issued["authority"])
    presented = Presented(kept.container.sd_jwt, kept.container.receipt)
    question = Question("310118", holder=want_of(about).holder)
    judged = verify(presented, question=question, replica=house.replica, now=house.floor.now())
    if judged.verdict is not Verdict.ACCEPT:
        yield f"goes on: the next certificate is {judged.verdict}: {[finding.code for finding in judged.findings]}"
