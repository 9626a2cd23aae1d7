"""What others' implementations make of ours, and we of theirs (`make interop`; docs/interoperability.md)."""
