"""Which card helps, and which is noise: what was shown and what clinicians did with it."""
