"""Validators killed under load, fifty times at random from a seed, with the service beside them."""
