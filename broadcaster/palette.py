"""Colours for what no style sheet reaches: mails, drawings, PDF files and the manifest.

Each has the name and the light theme's value of its token in ``web/sources/parts/look.css``; a test compares them.
"""

from collections.abc import Mapping

PALETTE: Mapping[str, str] = {
    "ground": "#faf8f5",
    "sunk": "#f1eee9",
    "card": "#fff",
    "ink": "#17191d",
    "quiet": "#565a63",
    "line": "#dcd8d0",
    "edge": "#7c7f86",
    "act": "#17456e",
    "act-ink": "#fff",
    "act-soft": "#e4edf5",
    "good": "#1c6b3f",
    "severe": "#b0121d",
    "icon": "#17456e",
    "icon-bell": "#f3c15f",
    "extreme-edge": "#5c1769",
    "severe-edge": "#b0121d",
    "moderate-edge": "#a85c00",
    "minor-edge": "#857000",
}
