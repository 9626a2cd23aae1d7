"""Issuing authorities: issue, renew, suspend, revoke, and the keys they sign with."""
