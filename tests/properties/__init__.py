"""Safety properties over generated charts."""
