"""For all tests: hypothesis tries the same examples every time, unless GREENLIGHT_HISTORIES asks for new ones."""

import os

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True)
if "GREENLIGHT_HISTORIES" not in os.environ:
    settings.load_profile("same-every-time")
