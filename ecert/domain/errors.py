"""The errors of the house: five roots, each with one meaning at every door (mapped once, in ecert.runtime.problems).

    EcertError
    ├── Malformed     422  the input is not what its format says
    ├── NotAllowed    403  understood, and refused to this caller
    ├── NotFound      404  nothing of that name here
    ├── Conflict      409  the present state forbids it
    └── Unavailable   503  a dependency is away; nothing was lost, try again

A bad certificate is a verdict, never an error. `VerificationFailed` is what primitives raise; the checks catch it and
it never crosses a door.
"""

from __future__ import annotations


class EcertError(Exception):
    """An error with a frozen code (`area.what`, listed in ecert/domain/reasons) and a detail without personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep the code and the English detail; the sentence a person reads comes from `ecert.domain.reasons`."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Malformed(EcertError):
    """The input is not what its format says."""


class NotAllowed(EcertError):
    """Understood, and refused to this caller."""


class NotFound(EcertError):
    """Nothing of that name here."""


class Conflict(EcertError):
    """The present state forbids it."""


class Unavailable(EcertError):
    """A dependency is away; nothing was lost."""

    def __init__(self, code: str, detail: str = "", *, retry_after: int = 3) -> None:
        """`retry_after` is in seconds (RFC 9110 section 10.2.3)."""
        super().__init__(code, detail)
        self.retry_after = retry_after


class VerificationFailed(Exception):
    """A signature, digest or proof does not hold."""
