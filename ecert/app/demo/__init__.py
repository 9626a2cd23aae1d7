"""The demonstration: the whole job on the embedded chain, told and then shown as one table."""
