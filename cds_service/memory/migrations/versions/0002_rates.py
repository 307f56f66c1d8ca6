"""How often each client calls."""

import sqlalchemy as sa
from alembic import op

revision = "0002_rates"
down_revision = "0001"


def upgrade() -> None:
    # What is lost in a crash of the server is forgotten: nobody has to wait for a disk on every call.
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "rates",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("full_at", sa.BigInteger, nullable=False),
        prefixes=unlogged,
    )
