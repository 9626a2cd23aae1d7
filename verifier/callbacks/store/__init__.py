"""The rows of callbacks read and written, in SQL Core; every function works inside the caller's transaction."""
