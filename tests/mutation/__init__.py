"""Mutation of what judges: every small change to a check or a form has to make some test fail."""
