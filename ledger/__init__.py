"""Where fingerprints are anchored and followed, and where the audit log is kept."""
