"""Tests of the verifier room."""
