"""Signed messages between deployments, and from partners: RFC 9421 signatures over RFC 9530 digests.

headers = sign_request(signer, Message("POST", url, {}), body=b"{}", now=now)
"""

from __future__ import annotations

from ecert.runtime.signed.door import Door, SignedRoute, require_partner, require_region, signed_by
from ecert.runtime.signed.line import Answer, Line, Wanted
from ecert.runtime.signed.messages import Message, sign_request, verify_request

__all__ = [
    "Answer",
    "Door",
    "Line",
    "Message",
    "SignedRoute",
    "Wanted",
    "require_partner",
    "require_region",
    "sign_request",
    "signed_by",
    "verify_request",
]
