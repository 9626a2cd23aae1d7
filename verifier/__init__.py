"""The verifier: is this certificate to be accepted here, for this, now, and if not, why.

    from verifier.verify import verify
    verify(Presented(text, receipt), question=Question("310118", holder=holder), replica=replica, now=now).verdict

A file alone shows no holder: name the person that you have identified, or the verdict is *cannot decide*.
"""

from __future__ import annotations

from verifier.evidence import Asked, Evidence, Offline, Presented, Question, Redeemed, ask
from verifier.findings import Finding, Group, Outcome, Verdict
from verifier.presentations import Asking, verify_file, verify_presentation
from verifier.redemptions import Codes, Reading, Redemption, redeem
from verifier.report import Report, report_on
from verifier.verify import Judged
from verifier.wire import as_json

__all__ = [
    "Asked",
    "Asking",
    "Codes",
    "Evidence",
    "Finding",
    "Group",
    "Judged",
    "Offline",
    "Outcome",
    "Presented",
    "Question",
    "Reading",
    "Redeemed",
    "Redemption",
    "Report",
    "Verdict",
    "as_json",
    "ask",
    "redeem",
    "report_on",
    "verify_file",
    "verify_presentation",
]
