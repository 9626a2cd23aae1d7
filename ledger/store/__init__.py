"""The ledger's rows read and written, in SQL Core; every function works inside the caller's transaction."""
