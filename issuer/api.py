"""The issuing API's door: an authority's own certificates, and everybody's status lists (docs/spec/issuing-api.md)."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel

from ecert.domain.errors import NotAllowed, NotFound
from ecert.domain.ids import parse_licence_id
from ecert.runtime.access import Caller, require
from ecert.runtime.clock import Clock
from ecert.runtime.strict_body import StrictRoute
from issuer.changes import change_many
from issuer.idempotency import Once, once
from issuer.issue import issue, issue_many
from issuer.kept import read, update_mutable
from issuer.renew import renew
from issuer.room import Issuer
from issuer.status_lists import MEDIA_TYPE, TTL_SECONDS, Bitmaps, status_list_token
from issuer.wire import (
    BatchAnswer,
    BatchBody,
    ChangeAnswer,
    ChangeBody,
    IssueAnswer,
    IssueBody,
    KeptAnswer,
    MutableBody,
    RenewalBody,
)

__all__ = ["router"]

_LIST: Final = re.compile(r"([1-9][0-9])-(0|[1-9][0-9]{0,9})")
_PREFIX: Final = "/api/v1/certificates"

Authority = Annotated[Caller, Depends(require("issuer"))]
Key = Annotated[str, Header(alias="Idempotency-Key")]


def router(issuer: Issuer, bitmaps: Bitmaps, clock: Clock) -> APIRouter:
    """Make the door's routes; `bitmaps` is the deployment's replica."""
    doors = APIRouter(route_class=StrictRoute, tags=["issuer"])
    _add_issuing(doors, issuer, clock)
    _add_keeping(doors, issuer, clock)
    _add_status_lists(doors, issuer, clock, bitmaps)
    return doors


def _add_issuing(doors: APIRouter, issuer: Issuer, clock: Clock) -> None:
    @doors.post(_PREFIX, status_code=201)
    def issue_one(body: IssueBody, caller: Authority, key: Key) -> IssueAnswer:
        """Issue a certificate."""
        request = body.request(authority=_authority(caller), type_code=body.type)
        wanted = _once(issuer, caller, key, "issue", body)
        return IssueAnswer.of(issue(issuer, request, now=_now(clock), once=wanted))

    @doors.post(f"{_PREFIX}/batch", status_code=201)
    def issue_batch(body: BatchBody, caller: Authority, key: Key) -> BatchAnswer:
        """Issue up to 10,000 certificates, or none."""
        requests = [one.request(authority=_authority(caller), type_code=one.type) for one in body.certificates]
        wanted = _once(issuer, caller, key, "batch", body)
        issued = issue_many(issuer, requests, now=_now(clock), once=wanted)
        return BatchAnswer(certificates=[IssueAnswer.of(one) for one in issued])

    @doors.post(_PREFIX + "/{licence_id}/renewal", status_code=201)
    def renew_one(licence_id: str, body: RenewalBody, caller: Authority, key: Key) -> IssueAnswer:
        """Issue the next version; the certificate is superseded when it begins."""
        type_code = parse_licence_id(licence_id).type_code
        request = body.request(authority=_authority(caller), type_code=type_code)
        wanted = _once(issuer, caller, key, f"renewal {licence_id}", body)
        return IssueAnswer.of(renew(issuer, licence_id, request, now=_now(clock), once=wanted))


def _add_keeping(doors: APIRouter, issuer: Issuer, clock: Clock) -> None:
    @doors.get(_PREFIX + "/{licence_id}")
    def read_one(licence_id: str, caller: Authority) -> KeptAnswer:
        """Read a certificate with its receipt, once it is anchored, and its history."""
        name = str(parse_licence_id(licence_id))
        return KeptAnswer.of(read(issuer, name, authority=_authority(caller)))

    @doors.post(_PREFIX + "/{licence_id}/status")
    def change_one(licence_id: str, body: ChangeBody, caller: Authority, key: Key) -> ChangeAnswer:
        """Revoke, suspend or restore a certificate."""
        change = body.change(str(parse_licence_id(licence_id)))
        wanted = _once(issuer, caller, key, f"status {licence_id}", body)
        (changed,) = change_many(issuer, [change], authority=_authority(caller), now=_now(clock), once=wanted)
        return ChangeAnswer.of(changed)

    @doors.put(_PREFIX + "/{licence_id}/mutable", status_code=204)
    def set_mutable(licence_id: str, body: MutableBody, caller: Authority) -> None:
        """Set mutable elements; asking twice changes nothing but their age."""
        name = str(parse_licence_id(licence_id))
        update_mutable(issuer, name, body.elements, authority=_authority(caller), now=_now(clock))


def _add_status_lists(doors: APIRouter, issuer: Issuer, clock: Clock, bitmaps: Bitmaps) -> None:
    @doors.get("/status-lists/{name}", response_class=Response)
    def status_list(name: str) -> Response:
        """Fetch a status list, signed; for anybody."""
        found = _LIST.fullmatch(name)
        if found is None:
            raise NotFound("status.unknown_list")
        region, number = int(found[1]), int(found[2])
        token = status_list_token(issuer, bitmaps, region=region, number=number, now=_now(clock))
        return Response(token, media_type=MEDIA_TYPE, headers={"Cache-Control": f"public, max-age={TTL_SECONDS}"})


def _authority(caller: Caller) -> str:
    if caller.authority is None:
        raise NotAllowed("access.authority")
    return caller.authority


def _once(issuer: Issuer, caller: Caller, key: str, act: str, body: BaseModel) -> Once:
    request = f"{act}\n{body.model_dump_json()}".encode()
    region = int(caller.region or 0)
    return once(issuer.vault, caller=caller.key_id, key=key, region=region, request=request)


def _now(clock: Clock) -> int:
    return int(clock.now())
