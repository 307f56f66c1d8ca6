"""Stage 7, compose: a decision becomes card JSON. Card text comes from the content folder, never from here."""

from .composer import Card, Composer
from .forms import SERVICE_NAME, CardForm
from .text import DECISION_PHRASES, escape, placeholders

__all__ = ["DECISION_PHRASES", "SERVICE_NAME", "Card", "CardForm", "Composer", "escape", "placeholders"]
