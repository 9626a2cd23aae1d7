"""The drivers behind the ledger port, one file a URL scheme."""
