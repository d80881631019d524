"""The international form of a telephone number (ITU-T E.164), as channels take it and the store keeps it."""

import re

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
