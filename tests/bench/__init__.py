"""What a call costs, against a bare Flask service that parses the same body with the standard json module and answers nothing.

``make bench`` runs both under the same server and writes docs/benchmark.md; ``python -m tests.bench --help`` tells the rest.
"""

from .bodies import body_with
from .in_process import bare, cpu_ms

__all__ = ["bare", "body_with", "cpu_ms"]
