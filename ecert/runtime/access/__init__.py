"""Access keys: which system may do what, for which region and authority.

text = issue_key(db, role="window", region="31", label="青浦区行政服务中心", now=now)  # shown once
caller = authenticate(db, f"Bearer {text}", now=now)
caller.hold(region="31")
"""

from __future__ import annotations

from ecert.runtime.access.door import Access, guard, require
from ecert.runtime.access.keys import (
    ROLES,
    Caller,
    Role,
    authenticate,
    issue_key,
    list_keys,
    revoke_key,
)
from ecert.runtime.access.store import StoredKey

__all__ = [
    "ROLES",
    "Access",
    "Caller",
    "Role",
    "StoredKey",
    "authenticate",
    "guard",
    "issue_key",
    "list_keys",
    "require",
    "revoke_key",
]
