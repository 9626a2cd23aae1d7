"""The issuing authorities' room: certificates issued, renewed, changed, and shown to whoever may ask.

calls = establish(issuer, Authority(uscc, 32, "320509", "示例机关", ("ES256",), (code,), not_before), now=now)
issued = issue(issuer, IssueRequest(uscc, code, "320509", (holder,), elements, first_day), now=now)
revoke(issuer, issued.licence_id, ground="lost", authority=uscc, now=now)
held(issuer, region=32, holder=holder.ref, types=[code])
"""

from issuer.authorities import Authority, establish, every_authority, retire_key, rotate_key
from issuer.changes import Change, Changed, change_many, restore, revoke, suspend
from issuer.face import RULE, IssueRequest
from issuer.held import HeldCertificate, held
from issuer.idempotency import Once, once, purge
from issuer.issue import issue, issue_many
from issuer.kept import Kept, KeptChange, read, update_mutable
from issuer.moves import due
from issuer.renew import renew
from issuer.reopening import reopen_lists
from issuer.room import Issuer
from issuer.status_lists import status_list_token
from issuer.storing import Issued

__all__ = [
    "RULE",
    "Authority",
    "Change",
    "Changed",
    "HeldCertificate",
    "IssueRequest",
    "Issued",
    "Issuer",
    "Kept",
    "KeptChange",
    "Once",
    "change_many",
    "due",
    "establish",
    "every_authority",
    "held",
    "issue",
    "issue_many",
    "once",
    "purge",
    "read",
    "renew",
    "reopen_lists",
    "restore",
    "retire_key",
    "revoke",
    "rotate_key",
    "status_list_token",
    "suspend",
    "update_mutable",
]
