"""Half an hour of mixed traffic with faults in the middle: ``make soak``."""
