"""A program of its own: writes what `lambdas.prepared` is to have, by importing a function as Lambda would.

python -I -S recording.py HANDLER FILE PATH...: the handler's module, the file to write, and the import path.
"""

import _sre  # type: ignore[import-not-found] # re's own, without stubs
import builtins
import importlib
import marshal
import re
import sys
from typing import Any


class Recorder:
    """Notes all that `dataclasses` and `re` compile, from `begin` on."""

    def __init__(self) -> None:
        self.texts: dict[str, Any] = {}
        self.patterns: dict[tuple[str | bytes, int], tuple[Any, ...]] = {}

    def begin(self) -> None:
        """Step between the two and what they call."""
        compiler, compile_code = re._compiler, _sre.compile  # type: ignore[attr-defined] # noqa: SLF001 - re's own
        compile_pattern = compiler.compile

        def execute(text: str, *namespaces: Any) -> None:
            self.texts[text] = compile(text, "<string>", "exec")
            builtins.exec(self.texts[text], *namespaces)  # noqa: S102 - as dataclasses does

        def compiled(pattern: Any, flags: int = 0) -> Any:
            def note(text: Any, all_flags: int, code: list[int], *rest: Any) -> Any:
                if isinstance(text, str | bytes):
                    # Some words of the code are of a subclass of int, which marshal does not take.
                    self.patterns[text, int(flags)] = (int(all_flags), [int(word) for word in code], *rest)
                return compile_code(text, all_flags, code, *rest)

            _sre.compile = note
            try:
                return compile_pattern(pattern, flags)
            finally:
                _sre.compile = compile_code

        compiler.compile = compiled
        import dataclasses  # noqa: PLC0415 - as in lambdas.prepared, only now

        dataclasses.exec = execute  # type: ignore[attr-defined] # found before the builtin of that name


def main() -> None:
    """Import, and write what was compiled meanwhile."""
    handler, file, *path = sys.argv[1:]
    sys.path[:0] = path
    recorder = Recorder()
    recorder.begin()
    importlib.import_module(handler)
    good_for = importlib.import_module("lambdas.prepared").good_for
    with open(file, "wb") as written:  # noqa: PTH123 - pathlib would be imported before it is noted what it compiles
        marshal.dump((good_for(), recorder.texts, recorder.patterns), written)


if __name__ == "__main__":
    main()
