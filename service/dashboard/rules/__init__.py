"""What home pages say first, and how a year of visits is counted without naming anybody. Pure."""

from __future__ import annotations

from service.dashboard.rules.stages import STEPS, Moving, PartOfDay, Stage, moving, part_of_day, stage, steps_done

__all__ = ["STEPS", "Moving", "PartOfDay", "Stage", "moving", "part_of_day", "stage", "steps_done"]
