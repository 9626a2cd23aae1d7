"""Verification as numbered prose: checks, findings, verdict and report."""
