"""Tests of the validators themselves, on networks of their own; marked `network`."""
