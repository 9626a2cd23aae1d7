"""Every parser under inputs that nobody thought of: targets, the engine that `make fuzz` runs, and the kept corpus."""
