"""The consortium's own network, measured: `make bench-network`; docs/performance.md holds the table."""
