"""What Lambda starts, whatever the function: makes the function ready before its first event, at the least cost.

Ready is imported, configured and with the clients made that every event needs. AWS gives a start a whole processor, and
an invocation only what the function's memory buys, so these are better made here than in the first invocation.
"""

import gc
import importlib
import os
from typing import Any

from lambdas import prepared


def _ready() -> Any:
    gc.disable()  # nearly all that a start makes stays: looking for garbage in it is in vain
    prepared.use()
    from lambdas.core.settings import HANDLER  # noqa: PLC0415 - only now is it looked up what the module needs

    function = importlib.import_module(os.environ[HANDLER])
    function.ready()
    gc.freeze()
    gc.enable()
    return function.handler


handler = _ready()
