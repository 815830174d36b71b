#!/usr/bin/env python3
"""Judges the examples of api/openapi.yaml.

usage: examples.py OPENAPI

Every JSON body that is taken and every JSON answer to a success must have an example, and every example of a body, a parameter, a
header or a schema must be what its schema says, with no member that is not named there: a reader copies it.
"""
import sys

from description import PROBLEM, is_json, load, problem_faults


def examples_of(description, node):
    """(what it is called, value) of the examples that stand beside a schema."""
    if "example" in node:
        yield "example", node["example"]
    for name, example in node.get("examples", {}).items():
        yield name, description.resolve(example)["value"]


def sides(description):
    """(where, media types, status of an answer) of everything that is sent, either way."""
    for name, _, operation in description.operations():
        yield f"{name} takes", description.resolve(operation.get("requestBody", {})).get("content", {}), None
        for status, response in operation["responses"].items():
            yield f"{name} -> {status}", description.resolve(response).get("content", {}), str(status)


def check_bodies(description):
    for where, content, status in sides(description):
        for media_type, media in content.items():
            if not is_json(media_type):
                continue
            found = list(examples_of(description, media))
            if not found and (status is None or status.startswith("2")):
                yield f"{where} {media_type}: has no example"
            for name, value in found:
                faults = description.faults_of(media["schema"], value)
                if media_type == PROBLEM:
                    faults += problem_faults(value, status)
                yield from (f"{where} {media_type}, {name}: {fault}" for fault in faults)


def with_schemas(node, where=""):
    """(where, node) of all parameters and headers, wherever they stand; bodies stand in a `content`."""
    if isinstance(node, list):
        for at, item in enumerate(node):
            yield from with_schemas(item, f"{where}/{at}")
    elif isinstance(node, dict):
        if isinstance(node.get("schema"), dict):
            yield where, node
        for name, item in node.items():
            if name not in ("example", "examples", "schema", "content"):
                yield from with_schemas(item, f"{where}/{name}")


def check_values(description):
    """Of parameters and headers; a schema of its own has its examples as a list."""
    for where, node in with_schemas({part: description.document.get(part, {}) for part in ("paths", "components")}):
        for name, value in examples_of(description, node):
            yield from (f"{where}, {name}: {fault}" for fault in description.faults_of(node["schema"], value))
    for name, schema in description.document["components"]["schemas"].items():
        given = [schema["example"]] if "example" in schema else []
        for value in given + schema.get("examples", []):
            yield from (f"schema {name}, example: {fault}" for fault in description.faults_of(schema, value))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    description = load(sys.argv[1])
    faults = sorted({*check_bodies(description), *check_values(description)})
    print(*faults, sep="\n", end="\n" if faults else "")
    count = sum(len(list(examples_of(description, media)))
                for _, content, _ in sides(description) for media in content.values())
    print(f"examples: {count} of bodies, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
