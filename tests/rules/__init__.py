"""The house rules as tests; `planted` shows each of them failing."""
