"""Recurrence rules, days off, and the timetable of recurring jobs.

The package only computes instants and calls back; callers decide what happens then.
"""

from schedules.calendar import PublicDate, feed
from schedules.days_off import DaysOff, SchoolCalendar
from schedules.errors import BadSchedule
from schedules.quiet import QuietHours, next_time
from schedules.recurrence import Recurrence, instant_of
from schedules.timetable import Job, Timetable

__all__ = [
    "BadSchedule", "DaysOff", "Job", "PublicDate", "QuietHours", "Recurrence", "SchoolCalendar", "Timetable", "feed",
    "instant_of", "next_time",
]  # fmt: skip
