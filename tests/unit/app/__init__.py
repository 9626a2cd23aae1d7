"""Tests of the front door: the demonstration's cast, its table and what it prints."""
