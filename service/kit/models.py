"""Two tables without business words: the sandbox's clock and the heartbeats of beat and the queues."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Interval
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class BusinessClock(Base):
    """How far business time runs ahead of the wall. One row; only the sandbox moves it."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    offset = mapped_column(Interval, nullable=False)


class Heartbeat(Base):
    """The last sign of life of beat or of a queue's worker, by the wall clock."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
