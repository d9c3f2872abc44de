"""Compiles a pipeline function into TFX's intermediate representation. TFX environment only.

Every compilation needs a process of its own: it imports the author's modules, changes the working
directory and ``sys.path``, and leaves an audit hook behind.
"""

from headrace.compiler.compilation import compile_target

__all__ = ["compile_target"]
