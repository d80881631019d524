"""Time: what recurs when, which days are left out, and the timetable that wakes the service.

A leaf: it knows nothing of the service. It computes instants and calls back; what is done then is decided elsewhere.
"""

from schedules.timetable import Job, Timetable

__all__ = ["Job", "Timetable"]
