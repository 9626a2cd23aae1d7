"""Tests of the issuing authorities' room, over a real database and a real embedded chain."""
