"""Where the town lies, and what its alerts say."""

from __future__ import annotations

CENTRE = (0.6283, 48.7631)
RADIUS_M = 1500
STATION, OTHER_STATION = "laigle", "rugles"
NAMES = {STATION: "L'Aigle", OTHER_STATION: "Rugles"}
BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[0.50, 48.68], [0.76, 48.68], [0.76, 48.85], [0.50, 48.85], [0.50, 48.68]]],
}
SENDER = "+33199000000"
TEXTS = {
    "fr": {"headline": "La Risle déborde", "description": "Le niveau monte vite.", "instruction": "Montez à l'étage."},
    "en": {"headline": "The Risle floods", "description": "It rises fast.", "instruction": "Go upstairs."},
}
