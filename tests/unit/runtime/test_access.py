from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import pytest
from fastapi import Depends, FastAPI
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ecert.domain.errors import Malformed, NotAllowed, NotFound
from ecert.runtime.access import (
    Access,
    Caller,
    authenticate,
    issue_key,
    list_keys,
    require,
    revoke_key,
)
from ecert.runtime.web import furnish
from tests.faults import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ecert.runtime.storage import Database

AUTHORITY = "11310000MB2F056267"


@dataclass(frozen=True)
class Told:
    seconds: float

    def now(self) -> float:
        return self.seconds


def window(db: Database) -> str:
    return issue_key(db, role="window", region="31", label="青浦区行政服务中心", now=100)


def test_a_key_opens_for_the_one_it_was_made_for(db: Database) -> None:
    key = issue_key(db, role="issuer", region="31", authority=AUTHORITY, label="a", now=100)
    caller = authenticate(db, f"Bearer {key}", now=100)
    assert caller == Caller("issuer", "31", AUTHORITY, key[3:11])
    caller.hold(region="31", authority=AUTHORITY)
    with pytest.raises(NotAllowed, match=r"access\.region"):
        caller.hold(region="32")
    with pytest.raises(NotAllowed, match=r"access\.authority"):
        caller.hold(region="31", authority="91350100M000100Y43")


def test_a_window_acts_for_no_authority(db: Database) -> None:
    with pytest.raises(NotAllowed, match=r"access\.authority"):
        authenticate(db, f"Bearer {window(db)}", now=100).hold(region="31", authority=AUTHORITY)


def test_a_key_of_a_role_that_is_no_more_opens_nothing(db: Database) -> None:
    key = window(db)
    with db.transaction() as connection:
        connection.execute(text("UPDATE access_key SET role = 'auditor', region = NULL"))
    with pytest.raises(NotAllowed, match=r"access\.unknown"):
        authenticate(db, f"Bearer {key}", now=100)


def test_none_exists_by_default_and_lists_show_no_secret(db: Database) -> None:
    assert list_keys(db) == ()
    key = window(db)
    (listed,) = list_keys(db)
    assert (listed.id, listed.role, listed.region, listed.label) == (key[3:11], "window", "31", "青浦区行政服务中心")
    assert key[12:] not in repr(listed)


def test_the_secret_is_stored_only_hashed(db: Database) -> None:
    key = window(db)
    everything = stored(db.engine)
    assert key[3:11].encode() in everything
    assert key[12:].encode() not in everything


def test_a_revoked_key_is_refused_from_that_second_on(db: Database) -> None:
    key = window(db)
    revoke_key(db, key[3:11], now=200)
    assert authenticate(db, f"Bearer {key}", now=199).role == "window"
    with pytest.raises(NotAllowed, match=r"access\.revoked"):
        authenticate(db, f"Bearer {key}", now=200)
    with pytest.raises(NotFound, match=r"access\.key"):
        revoke_key(db, key[3:11], now=300)
    assert list_keys(db)[0].revoked_at == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0, 54), st.characters(exclude_categories=["Cs"]))
def test_any_altered_character_is_unknown(db: Database, place: int, other: str) -> None:
    key = window(db)
    assume(key[place] != other)
    with pytest.raises(NotAllowed, match=r"access\.unknown"):
        authenticate(db, f"Bearer {key[:place]}{other}{key[place + 1 :]}", now=100)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "bearer ", "Bearer ek_00000000_" + "a" * 43, "\x00"])
def test_other_headers_are_unknown(db: Database, header: str) -> None:
    with pytest.raises(NotAllowed, match=r"access\.unknown"):
        authenticate(db, header, now=100)


@pytest.mark.parametrize(
    ("role", "region", "authority", "label", "code"),
    [
        ("clerk", "31", None, "a", "access.role"),
        ("window", "3", None, "a", "access.scope"),
        ("window", "٣١", None, "a", "access.scope"),
        ("window", "31", AUTHORITY, "a", "access.scope"),
        ("issuer", "31", None, "a", "access.scope"),
        ("issuer", "31", "91350100M000100Y44", "a", "uscc.check"),
        ("window", "31", None, "", "access.label"),
        ("window", "31", None, "a" * 81, "access.label"),
        ("window", "31", None, "a\n", "access.label"),
    ],
)
def test_a_key_is_made_only_for_what_its_role_is(  # noqa: PLR0917  # pytest passes by name
    db: Database, role: str, region: str, authority: str | None, label: str, code: str
) -> None:
    with pytest.raises(Malformed) as caught:
        issue_key(db, role=role, region=region, authority=authority, label=label, now=100)
    assert caught.value.code == code
    assert list_keys(db) == ()


def test_a_door_lets_in_its_roles_alone(db: Database, ask: Callable[..., httpx.Response]) -> None:
    app = FastAPI()
    app.state.access = Access(db, Told(150.9))

    @app.get("/")
    def door(caller: Annotated[Caller, Depends(require("window", "citizen-app"))]) -> str:
        return caller.key_id

    furnish(app)
    key = window(db)
    issuer = issue_key(db, role="issuer", region="31", authority=AUTHORITY, label="a", now=100)
    assert ask(app, "GET", "/", headers={"authorization": f"Bearer {key}"}).json() == key[3:11]
    assert ask(app, "GET", "/").status_code == 401
    assert ask(app, "GET", "/", headers={"authorization": "Bearer x"}).headers["www-authenticate"]
    refused = ask(app, "GET", "/", headers={"authorization": f"Bearer {issuer}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.role_refused")
    revoke_key(db, key[3:11], now=150)
    revoked = ask(app, "GET", "/", headers={"authorization": f"Bearer {key}"})
    assert (revoked.status_code, revoked.json()["code"]) == (401, "access.revoked")
