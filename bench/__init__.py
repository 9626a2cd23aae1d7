"""Benchmarks: ratios in one run, fixed shapes; run by `make bench`, imported by nothing of the product."""
