"""What all work on Apache Beam has in common: the options of a run, and how its faults are told."""
