"""What Python would compile anew at each start of a function, compiled when the function's asset was built.

`dataclasses` writes the methods of each class as text and compiles it, and `re` compiles each pattern: a quarter of a
start (docs/decisions/023-a-start-is-prepared-at-build.md). Both are looked up by the very text. What is not found,
since Python or a library writes it otherwise by now, is compiled as ever. This module imports as little as it can, for
what is imported before `use` is not looked up.
"""

import _sre  # type: ignore[import-not-found] # re's own, without stubs
import builtins
import marshal
import re
from importlib.util import MAGIC_NUMBER
from typing import Any

PREPARED = f"{__file__.removesuffix('lambdas/prepared.py')}prepared.bin"
"""Beside the packages of an asset."""
_compile = re._compiler.compile  # type: ignore[attr-defined] # noqa: SLF001 - re's own compiler


def good_for() -> tuple[bytes, int]:
    """The bytecode and the patterns' code of this Python; another's is of no use."""
    return MAGIC_NUMBER, _sre.MAGIC


def use(path: str = PREPARED) -> None:
    """From now on, take from the file what it has; if there is none, or one of another Python, nothing changes."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is one of those that come later
            version, texts, patterns = marshal.loads(file.read())  # noqa: S302 - part of the asset, as this module is
    except FileNotFoundError:
        return
    if version != good_for():
        return

    def execute(text: str, *namespaces: Any) -> None:
        builtins.exec(texts.get(text, text), *namespaces)  # noqa: S102 - as dataclasses does

    def compiled(pattern: Any, flags: int = 0) -> Any:
        found = patterns.get((pattern, int(flags))) if isinstance(pattern, str | bytes) else None
        return _compile(pattern, flags) if found is None else _sre.compile(pattern, *found)

    re._compiler.compile = compiled  # type: ignore[attr-defined] # noqa: SLF001 - what re.compile calls
    import dataclasses  # noqa: PLC0415 - only now, as it imports modules with many patterns

    dataclasses.exec = execute  # type: ignore[attr-defined] # found before the builtin of that name
