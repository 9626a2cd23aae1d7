"""ecert: four provinces accept each other's electronic certificates without paper."""
