"""The rules of docs/architecture.md, read from the source: who may import whom, and how long a thing may be.

A failing rule is a question about the design: answer it, don't add an exception.
"""

import re
from collections.abc import Iterable

import pytest

from tests.sources import ROOT, Module, is_under, reachable, read_modules

# 2. Arrays, folders, numbers and plain callables go in and out of these.
PURE = (
    "tfapp.engines",
    "trainer.advice",
    "trainer.callbacks",
    "trainer.checkpoints",
    "trainer.curves",
    "trainer.datasets",
    "trainer.gradients",
    "trainer.growing",
    "trainer.history",
    "trainer.metrics",
    "trainer.networks",
    "trainer.options",
    "trainer.plots",
    "trainer.recipes",
    "trainer.training",
)
PURE_MAY_IMPORT_OF_OURS = (*PURE, "tfapp.engines")
WORDS = ("django.utils.translation",)  # a sentence for a visitor may be marked for translation anywhere
MENU = ("tfapp.engines", "django.conf")  # the menu alone reads settings: which engines, from where

# 3. What the web process must never hold.
HEAVY = (
    "ai_edge_litert",
    "jax",
    "keras",
    "tensorflow",
    "tensorflow_hub",
    "tf_keras",
    "tflite_runtime",
    "torch",
)
FOR_TRAINING = ("cv2",)  # nor this, which is no backend
LOADED_BY_DJANGO = re.compile(
    r"stylesite\.(wsgi|asgi|urls|settings)"
    r"|(tfapp|trainer)(\.(apps|models|admin|checks|people|templatetags)(\..+)?)?"
)

# 4. The doors: where an import may stand inside a function, and where a module may be named by a string.
LOADERS = ("tfapp.engines", "tfapp.shelf", "trainer.recipes")  # the registries
DOORS = re.compile(r".+\.(tasks|apps)")
KERNELS = ("trainer.gradients", "trainer.networks.kernels")  # the only ones in trainer that see a backend
NO_BACKEND = ("keras", "ai_edge_litert")  # which runs a guide that is given as a file, whatever trains

FORBIDDEN_NAMES = {"common", "helper", "helpers", "lib", "manager", "managers", "misc", "services", "util", "utils"}
TOP_LEVEL = {
    *("manage.py", "stylesite", "tfapp", "trainer", "static", "templates", "tests"),
    *("requirements.txt", "requirements-dev.txt", "requirements-gpu.txt"),
    *("README.md", "LICENSE", "Makefile", "pyproject.toml", "docs", ".ci"),
    *(".gitignore", ".gitattributes", ".editorconfig", ".dockerignore"),
}

FILE_LINES = 400
FUNCTION_LINES = 60
BUILDER_LINES = 80
VIEW_LINES = 45
TEMPLATE_LINES = 120
SCRIPT_LINES = 200

Complaints = list[str]


def trainer_importing_tfapp(modules: list[Module]) -> Complaints:
    return [
        f"{module.name}:{found.line} imports {found.target}"
        for module in modules
        if is_under(module.name, "trainer")
        for found in module.imports
        if is_under(found.target, "tfapp")
    ]


def tfapp_importing_too_much_of_trainer(modules: list[Module]) -> Complaints:
    complaints = []
    for module in modules:
        allowed = ("trainer.models", "trainer.checkpoints")
        if is_under(module.name, "tfapp.engines"):
            allowed += ("trainer.networks", "trainer.gradients")
        complaints += [
            f"{module.name}:{found.line} imports {found.target}"
            for found in module.imports
            if is_under(module.name, "tfapp")
            and is_under(found.target, "trainer")
            and not is_under(found.target, *allowed)
        ]
    return complaints


def networks_importing_what_is_above_them(modules: list[Module]) -> Complaints:
    return [
        f"{module.name}:{found.line} imports {found.target}"
        for module in modules
        if is_under(module.name, "trainer.networks")
        for found in module.imports
        if is_under(found.target, "trainer", "tfapp", "stylesite") and not is_under(found.target, "trainer.networks")
    ]


def pure_modules_knowing_the_site(modules: list[Module]) -> Complaints:
    complaints = []
    for module in modules:
        if not is_under(module.name, *PURE):
            continue
        allowed = (*WORDS, "django.conf") if module.name in MENU else WORDS
        for found in module.imports:
            is_site = is_under(found.target, "django", "celery", "kombu", "redis", "ninja", "axes", "csp", "gunicorn")
            is_ours = is_under(found.target, "tfapp", "trainer", "stylesite")
            if (is_site and not is_under(found.target, *allowed)) or (
                is_ours and not is_under(found.target, *PURE_MAY_IMPORT_OF_OURS)
            ):
                complaints.append(f"{module.name}:{found.line} imports {found.target}")
    return complaints


def web_process_loading_networks(modules: list[Module]) -> Complaints:
    roots = [module.name for module in modules if LOADED_BY_DJANGO.fullmatch(module.name)]
    came_from = reachable(modules, roots)
    return [f"{came_from[name]} imports {name}" for name in came_from if is_under(name, *HEAVY, *FOR_TRAINING)]


def imports_inside_functions(modules: list[Module]) -> Complaints:
    complaints = [
        f"{module.name}:{found.line} imports {found.target} inside a function"
        for module in modules
        for found in module.imports
        if found.is_inside_function and module.name not in LOADERS and not DOORS.fullmatch(module.name)
    ]
    complaints += [
        f"{module.name}:{line} calls {name}"
        for module in modules
        for name, line in module.calls()
        if name in {"import_module", "__import__"} and module.name not in LOADERS
    ]
    return complaints


def trainer_naming_a_backend(modules: list[Module]) -> Complaints:
    return [
        f"{module.name}:{found.line} imports {found.target}"
        for module in modules
        if is_under(module.name, "trainer") and module.name not in KERNELS
        for found in module.imports
        if is_under(found.target, *HEAVY) and not is_under(found.target, *NO_BACKEND)
    ]


def names_that_say_nothing(modules: list[Module]) -> Complaints:
    return [module.name for module in modules if FORBIDDEN_NAMES & set(module.name.split("."))]


def files_too_long(modules: list[Module]) -> Complaints:
    return [
        f"{module.name} has {n_lines} lines"
        for module in modules
        if (n_lines := len(module.text.splitlines())) > FILE_LINES
    ]


def functions_too_long(modules: list[Module]) -> Complaints:
    complaints = []
    for module in modules:
        for function in module.functions:
            limit = FUNCTION_LINES
            if is_under(module.name, "tfapp.views", "tfapp.api", "trainer.views") and "request" in function.arguments:
                limit = VIEW_LINES
            elif is_under(module.name, "trainer.networks", "trainer.recipes") and function.name.startswith("build"):
                limit = BUILDER_LINES
            if function.n_lines > limit:
                complaints.append(f"{module.name}:{function.line} {function.name} has {function.n_lines} lines")
    return complaints


RULES = (
    trainer_importing_tfapp,
    tfapp_importing_too_much_of_trainer,
    networks_importing_what_is_above_them,
    pure_modules_knowing_the_site,
    web_process_loading_networks,
    imports_inside_functions,
    trainer_naming_a_backend,
    names_that_say_nothing,
    files_too_long,
    functions_too_long,
)


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return read_modules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_there_is_no(rule, modules):
    assert rule(modules) == []


def test_no_test_file_is_too_long():
    assert files_too_long(read_modules(packages=("tests",))) == []


@pytest.mark.parametrize(
    ("folder", "pattern", "limit"),
    [("templates", "*.html", TEMPLATE_LINES), ("static", "*.js", SCRIPT_LINES), ("tfapp", "*.html", TEMPLATE_LINES)],
)
def test_pages_and_scripts_are_short(folder, pattern, limit):
    too_long = {
        str(path.relative_to(ROOT)): n_lines
        for path in (ROOT / folder).rglob(pattern)
        if (n_lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    }

    assert too_long == {}


def test_the_top_level_is_the_one_we_agreed_on():
    ignored = {line.strip().strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}

    found = {path.name for path in ROOT.iterdir()} - ignored - {".git"}

    assert found <= TOP_LEVEL, f"not in the tree: {sorted(found - TOP_LEVEL)}"


def test_every_decision_has_a_number_of_its_own_and_a_title():
    pages = sorted((ROOT / "docs" / "decisions").iterdir())
    numbers = [page.name[:4] for page in pages]

    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name) for page in pages), [page.name for page in pages]
    assert len(set(numbers)) == len(numbers)
    assert all(page.read_text(encoding="utf-8").startswith("# ") for page in pages)


def test_the_tree_in_the_documentation_tells_the_truth(modules):
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = text.split("```")[1]
    shown = set(_paths_in(tree))
    ours = {
        module.name.replace(".", "/") + ("/" if module.is_package else ".py")
        for module in modules
        if module.name.count(".") == 1 and not module.name.endswith(".management")
    }

    assert [path for path in sorted(shown) if not (ROOT / path).exists()] == []
    assert sorted(ours - shown) == []


def test_every_link_in_the_documents_leads_somewhere():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (page, link.partition("#")[0])
        for page in pages
        for found in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
        for link in found
        if link and not link.startswith(("http", "#"))
    ]

    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def _paths_in(tree: str) -> Iterable[str]:
    """The paths of an indented tree: two spaces a level, names first, then two spaces and what they are."""
    folders: list[str] = []
    for line in tree.splitlines():
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(r"\s{2,}", line.strip())[0].split()
        for name in names:
            yield "".join(folders[:depth]) + name
        if names[0].endswith("/"):
            folders[depth:] = [names[0]]


# The rules can fail: each is shown a tiny bad source.


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        (trainer_importing_tfapp, {"trainer.runs": "from tfapp.models import Job"}),
        (trainer_importing_tfapp, {"trainer.runs": "def f():\n    import tfapp.jobs"}),
        (tfapp_importing_too_much_of_trainer, {"tfapp.rendering": "from trainer import networks"}),
        (tfapp_importing_too_much_of_trainer, {"tfapp.engines.adain": "from trainer import training"}),
        (networks_importing_what_is_above_them, {"trainer.networks.adain": "from ..recipes import adain"}),
        (pure_modules_knowing_the_site, {"tfapp.engines.adain": "from django.conf import settings"}),
        (pure_modules_knowing_the_site, {"tfapp.engines": "from tfapp import jobs"}),
        (pure_modules_knowing_the_site, {"trainer.callbacks": "import celery"}),
        (pure_modules_knowing_the_site, {"trainer.datasets.pictures": "from django.db import models"}),
        (web_process_loading_networks, {"tfapp.models.job": "import keras"}),
        (web_process_loading_networks, {"tfapp.models.job": "import cv2"}),
        (
            web_process_loading_networks,
            {"stylesite.urls": "from tfapp import pages", "tfapp.pages": "from tensorflow import io"},
        ),
        (imports_inside_functions, {"tfapp.jobs": "def f():\n    import json"}),
        (imports_inside_functions, {"tfapp.jobs": "class A:\n    def f(self):\n        from tfapp import tasks"}),
        (imports_inside_functions, {"tfapp.loading": "import importlib\nimportlib.import_module('keras')"}),
        (trainer_naming_a_backend, {"trainer.recipes.adain": "import tensorflow as tf"}),
        (names_that_say_nothing, {"tfapp.utils": ""}),
        (names_that_say_nothing, {"trainer.services.mail": ""}),
        (files_too_long, {"tfapp.jobs": "\n" * 401}),
        (functions_too_long, {"tfapp.jobs": "def f():\n" + "    pass\n" * 60}),
        (functions_too_long, {"tfapp.views.jobs": "def f(request):\n" + "    pass\n" * 45}),
        (functions_too_long, {"trainer.networks.a": "def build():\n" + "    pass\n" * 80}),
    ],
    ids=lambda value: value.__name__ if callable(value) else next(iter(value)),
)
def test_a_rule_sees_what_breaks_it(rule, sources):
    modules = [Module(name, text) for name, text in sources.items()]

    assert rule(modules)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (tfapp_importing_too_much_of_trainer, "tfapp.engines.adain", "from trainer.networks import adain"),
        (tfapp_importing_too_much_of_trainer, "tfapp.loading", "from trainer import checkpoints"),
        (pure_modules_knowing_the_site, "tfapp.engines", "from django.conf import settings"),
        (web_process_loading_networks, "tfapp.engines.adain", "import keras"),
        (imports_inside_functions, "tfapp.tasks", "def f():\n    from tfapp import rendering"),
        (trainer_naming_a_backend, "trainer.networks.kernels", "import tensorflow"),
        (functions_too_long, "trainer.networks.a", "def build_decoder():\n" + "    pass\n" * 79),
    ],
)
def test_a_rule_leaves_good_source_alone(rule, name, text):
    assert rule([Module(name, text)]) == []
