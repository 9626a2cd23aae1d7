"""Times the working group's `sd-jwt` package on our own presentation: TEXT and PEM on stdin as JSON, JSON out.

Run by the interpreter of build/interop, which has the package and shares nothing with the house.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from time import thread_time

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier


def main() -> None:
    """Verify again and again; the key is loaded once."""
    asked = json.load(sys.stdin)
    key = JWK.from_pem(asked["pem"].encode())
    taken = []
    for _ in range(asked["rounds"]):
        begun = thread_time()
        for _ in range(asked["calls"]):
            SDJWTVerifier(asked["text"], lambda _issuer, _header: key).get_verified_payload()
        taken.append((thread_time() - begun) / asked["calls"])
    json.dump({"seconds": median(taken)}, sys.stdout)


main()
