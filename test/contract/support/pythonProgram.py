"""Prints what a Python program calls and reads, as JSON: calls with their arguments, and chains of attributes on names. Parses, and runs nothing."""

import ast
import json
import sys


def chain(node):
    """`a.b["c"].d` -> ["a", "b", "c", "d"]; nothing for what does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        before = chain(node.value)
        return before and [*before, node.attr]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        before = chain(node.value)
        return before and [*before, str(node.slice.value)]
    return None


def value(node):
    if isinstance(node, ast.Constant):
        return {"kind": "scalar", "value": node.value}
    if isinstance(node, ast.List):
        return {"kind": "list", "items": [value(item) for item in node.elts]}
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return {
            "kind": "object",
            "entries": {key.value: value(item) for key, item in zip(node.keys, node.values)},
        }
    if isinstance(node, ast.Call) and chain(node.func):
        return {"kind": "call", **call(node)}
    if isinstance(node, ast.Attribute) and chain(node):
        return {"kind": "chain", "chain": chain(node)}
    return {"kind": "unknown"}


def call(node):
    return {
        "line": node.lineno,
        "callee": chain(node.func),
        "positional": len(node.args),
        "entries": {keyword.arg or "**": value(keyword.value) for keyword in node.keywords},
    }


tree = ast.parse(sys.stdin.read())
# Of an attribute chain only the longest form counts.
inner = {
    id(node.value) for node in ast.walk(tree) if isinstance(node, (ast.Attribute, ast.Subscript))
}
print(
    json.dumps(
        {
            "imports": {
                alias.asname or alias.name: alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names
            },
            "calls": [
                call(node)
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and chain(node.func)
            ],
            "variables": {
                node.target.id: chain(node.annotation)
                for node in ast.walk(tree)
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            },
            "chains": [
                {"line": node.lineno, "chain": chain(node)}
                for node in ast.walk(tree)
                if isinstance(node, (ast.Attribute, ast.Subscript))
                and id(node) not in inner
                and chain(node)
            ],
        }
    )
)
