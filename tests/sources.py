"""Our own source, read as data and never run: modules, what they import, how long their functions are."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("stylesite", "tfapp", "trainer")


@dataclass(frozen=True)
class Import:
    """One imported name: `from tfapp import jobs` has the target `tfapp.jobs`."""

    target: str
    line: int
    is_inside_function: bool


@dataclass(frozen=True)
class Function:
    """A function or method, with its length from `def` to its last line."""

    name: str
    line: int
    n_lines: int
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """A Python file by its dotted name; `is_package` for an `__init__.py`."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(self._walk(self.tree, is_inside_function=False))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(
            Function(
                name=node.name,
                line=node.lineno,
                n_lines=node.end_lineno - node.lineno + 1,
                arguments=tuple(argument.arg for argument in node.args.args),
            )
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    def calls(self) -> Iterator[tuple[str, int]]:
        """The last word of every called name, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "attr", getattr(node.func, "id", "")), node.lineno

    def _walk(self, node: ast.AST, is_inside_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, child.lineno, is_inside_function)
            elif isinstance(child, ast.ImportFrom):
                start = self._absolute(child)
                for alias in child.names:
                    yield Import(f"{start}.{alias.name}", child.lineno, is_inside_function)
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._walk(child, is_inside_function or is_function)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module
        parts = self.name.split(".")
        n_kept = len(parts) - node.level + self.is_package
        return ".".join([*parts[:n_kept], *([node.module] if node.module else [])])


def read_modules(root: Path = ROOT, packages: tuple[str, ...] = PACKAGES) -> list[Module]:
    """Every Python file of our packages but migrations, which Django writes."""
    modules = []
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if "migrations" in parts:
                continue
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            modules.append(Module(name, path.read_text(encoding="utf-8"), is_package))
    return modules


def is_under(name: str, *prefixes: str) -> bool:
    """Is this dotted name one of these modules, or something inside one?"""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def reachable(modules: list[Module], roots: list[str]) -> dict[str, str]:
    """What loading `roots` loads: each name, ours or not, with the module that imports it first.

    Imports inside functions do not count: they happen later, or never.
    """
    by_name = {module.name: module for module in modules}
    came_from = {}
    waiting = [(root, "") for root in roots]
    while waiting:
        name, importer = waiting.pop()
        for known in _with_parents(name):
            if known in came_from:
                continue
            came_from[known] = importer
            if module := by_name.get(known):
                waiting += [(found.target, known) for found in module.imports if not found.is_inside_function]
    return came_from


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
