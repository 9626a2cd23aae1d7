"""Evidence of a real network of four validators, and the script that makes it."""
