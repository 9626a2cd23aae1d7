"""One file a question; each answers with findings, raises nothing and reads the replica alone."""
