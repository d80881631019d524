"""The stages of an alert, one file each: issue, resolve, dispatch, deliver, track; enter adds people who arrive later.

Each stage is a function that does one step, which tests call directly; ``broadcaster.workers`` runs the loops.
"""
