"""The floor that every room stands on: settings, clock, storage, problems, access."""
