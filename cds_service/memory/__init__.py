"""What was shown and what was said of it: served cards, feedback, used tokens. No identity in plain text."""
