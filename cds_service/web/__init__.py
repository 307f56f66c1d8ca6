"""HTTP: parse, call, answer. Nothing clinical is decided here."""
