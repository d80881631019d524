"""Exit codes of commands, for scripts to act on; ``HELP`` says what they mean for `tocsin send`.

``doctor`` ends with 1 if it found an error, ``alert show`` with 3 until everyone is accounted for.
"""

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    REFUSED = 2
    UNACCOUNTED = 3
    NOBODY = 4
    UNREACHABLE = 5
    ABORTED = 6
    WAITING = 7


HELP = """\b
Exit codes:
  0  everyone who was matched is accounted for
  1  something failed that is no fault of the input
  2  the input or the settings were refused: nothing was done
  3  sent, but not everyone is accounted for yet
  4  nobody was matched: nobody was told anything
  5  the service or the database does not answer
  6  not confirmed: nothing was sent
  7  a second person must approve it: nothing was sent yet
"""
