"""Sentences of ``tocsin doctor``, found in the code."""

from __future__ import annotations

import ast
from pathlib import Path

from broadcaster import languages

ROOT = Path(languages.__file__).parents[1]
_TABLES = {"_HINTS", "_BY_FIGURE", "_MAKERS"}


def _constants(node, named, seen=()):
    """Return the texts that an argument may be; a text that is put together can't be translated."""
    assert not isinstance(node, ast.JoinedStr), f"line {node.lineno}: give the gaps as params"
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body, named, seen), *_constants(node.orelse, named, seen)]
    if isinstance(node, ast.Name) and node.id not in seen:
        return [said for each in named.get(node.id, ()) for said in _constants(each, named, (*seen, node.id))]
    return []


def _in_file(tree):
    named, found = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if isinstance(name, ast.Name):
                    named.setdefault(name.id, []).append(value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            found += [said for each in node.args[1:3] for said in _constants(each, named)]
    for value in (value for name in _TABLES for value in named.get(name, ()) if isinstance(value, ast.Dict)):
        ends = [each.elts[-1] if isinstance(each, ast.Tuple) else each for each in value.values]
        found += [each.value for each in ends if isinstance(each, ast.Constant)]
    return found


def findings():
    """Return each sentence and advice."""
    files = (ROOT / folder for folder in ("broadcaster/commands", "broadcaster/sending", "channels"))
    paths = [ROOT / "broadcaster/presence.py", *(path for folder in files for path in sorted(folder.rglob("*.py")))]
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in paths)
    return {said for tree in trees for said in _in_file(tree) if said}
