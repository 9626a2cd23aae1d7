"""Makes `tests` this folder for every import: a font package on the path brings a `tests` of its own."""
