"""The GmSSL library by the package `gmssl-pyx`: SM2 with SM3 (GB/T 32918, 32905), keys and signatures in hex."""

from __future__ import annotations

from gmssl_pyx import GmsslInnerError, sm2_key_generate, sm2_sign, sm2_verify, sm3_hash
from wire import serve


def generate() -> dict[str, str]:
    public, private = sm2_key_generate()
    return {"public": public.hex(), "private": private.hex()}


def sign(private: str, public: str, message: str) -> str:
    return sm2_sign(bytes.fromhex(private), bytes.fromhex(public), bytes.fromhex(message)).hex()


def verify(public: str, message: str, signature: str) -> bool:
    return sm2_verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def sm3(message: str) -> str:
    return sm3_hash(bytes.fromhex(message)).hex()


serve({"generate": generate, "sign": sign, "verify": verify, "sm3": sm3}, (GmsslInnerError,))
