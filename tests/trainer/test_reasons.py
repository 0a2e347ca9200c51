"""Reasons are told in the reader's language, values and all, and are those that the code gives."""

import ast
import re

import pytest
from django.utils import translation

from tests.sources import ROOT
from tests.trainer import factories
from trainer import reasons
from trainer.recipes import pix2pix
from trainer.recipes.configs import Pix2PixConfig

VALUE = "…"


def raised() -> set[str]:
    """Every sentence of an error in trainer/, with a mark where a value stands."""
    found = set()
    for path in (ROOT / "trainer").rglob("*.py"):
        errors = [node.exc for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise)]
        found |= {_flatten(error.args[0]) for error in errors if isinstance(error, ast.Call) and error.args}
    return found


def _flatten(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
        return re.sub(f"{VALUE}+", VALUE, "".join(parts))
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_there_is_a_reason_in_the_code_for_every_sentence():
    sentences = {re.sub(r"%\(\w+\)s", VALUE, sentence) for sentence in reasons.SENTENCES}

    assert sentences - raised() == set()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("Step 5: a loss is no number: {'l1': nan}", "5스텝: 손실이 숫자가 아니에요: {'l1': nan}"),
        ("/a b/cats has no train/ folder with pairs.", "/a b/cats 안에 쌍이 든 train/ 폴더가 없어요."),
        (
            "history.jsonl could not be written: No space left on device.",
            "history.jsonl 파일을 쓰지 못했어요: 디스크에 남은 공간이 없어요.",
        ),
        (
            "The checkpoint of step 4 could not be written: The weights of step 4 could not be written: Oh..",
            "4스텝의 체크포인트를 쓰지 못했어요: 4스텝의 가중치를 쓰지 못했어요: Oh..",
        ),
        ("Something new happened at 100%.", "Something new happened at 100%."),
        ("", ""),
    ],
)
def test_a_reason_is_told_in_korean_with_its_values(error, told):
    assert reasons.tell(error) == error

    with translation.override("ko"):
        assert reasons.tell(error) == told


@pytest.mark.django_db
def test_a_run_tells_why_it_failed_in_the_reader_s_language(tmp_path):
    with pytest.raises(ValueError, match="no train/ folder") as trouble:
        pix2pix.build(Pix2PixConfig(**factories.TINY), tmp_path, steps=1, seed=0)
    run = factories.make_run(state="failed", error=str(trouble.value))

    with translation.override("ko"):
        assert run.reason == f"{tmp_path} 안에 쌍이 든 train/ 폴더가 없어요."
