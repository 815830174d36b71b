#!/usr/bin/env python3
"""Judges recorded HTTP exchanges by api/openapi.yaml.

usage: validate.py [--partial] OPENAPI EXCHANGES.jsonl

Each line is {"method", "target", "status", "headers", "body"}; body is null when it is not JSON. An exchange fails when its
route, method, status, content type, a header of ours or a member of its body is not in the contract. Closes with a count of
exchanges and of the operations and statuses that were seen. Without --partial each operation must have been seen once with success.
"""
import json
import re
import sys
from urllib.parse import unquote, urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker

# What the server adds everywhere (RFC 9110 and safety); all other headers of an answer must be in the contract.
COMMON_HEADERS = {
    "date", "server", "connection", "content-length", "content-type", "cache-control", "x-request-id",
    "x-content-type-options", "content-security-policy", "referrer-policy", "cross-origin-resource-policy", "vary",
    "strict-transport-security", "content-disposition", "content-language", "etag", "accept-ranges",
}
# Answers that belong to no operation: an address that does not exist, a method it does not have.
WITHOUT_OPERATION = {401, 403, 404, 405, 400, 503, 204}


class Contract:
    def __init__(self, document):
        self.document = document
        self.formats = FormatChecker()
        self.paths = [(self.pattern(path, item), path, item) for path, item in document["paths"].items()]

    @staticmethod
    def pattern(path, item):
        """x-takes-rest: the last variable takes slashes too, which OpenAPI has no word for."""
        parts = ["[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")]
        if item.get("x-takes-rest"):
            parts[-1] = ".+"
        return re.compile("/".join(parts))

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def closed(self, node):
        """The schema with every reference put in and every object closed: a member that is not named is an error."""
        if isinstance(node, list):
            return [self.closed(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return self.closed(self.resolve(node))
        out = {key: ({name: self.closed(value) for name, value in item.items()} if key == "properties" else self.closed(item))
               for key, item in node.items() if key not in ("example", "examples")}
        if out.get("type") == "object":
            out.setdefault("additionalProperties", False)
        return out

    def find(self, path):
        """What has fewer variables stands above (OpenAPI 3.1, 4.8.8.2)."""
        found = [(template, item) for pattern, template, item in self.paths if pattern.fullmatch(path)]
        return min(found, key=lambda one: one[0].count("{"), default=(None, None))

    def problem_schema(self):
        return self.closed({"$ref": "#/components/schemas/Problem"})

    def check_body(self, schema, text):
        try:
            body = json.loads(text)
        except ValueError as error:
            return [f"body is no JSON: {error}"]
        found = Draft202012Validator(schema, format_checker=self.formats).iter_errors(body)
        return [f"{error.json_path}: {error.message}" for error in found]

    def check(self, exchange):
        """(operation or None, list of faults)"""
        parts = urlsplit(exchange["target"])
        method = "get" if exchange["method"] == "HEAD" else exchange["method"].lower()
        # As the server does: a path is cut at its slashes first, and each part is decoded then.
        template, item = self.find(parts.path)
        operation = item.get(method) if item else None
        if operation is None:
            if exchange["status"] not in WITHOUT_OPERATION:
                return None, [f"no operation {method.upper()} {parts.path} in the contract"]
            if exchange["body"] and exchange["method"] != "HEAD":
                return None, self.check_body(self.problem_schema(), exchange["body"])
            return None, []
        responses = {str(status): response for status, response in operation["responses"].items()}
        response = self.resolve(responses.get(str(exchange["status"])))
        name = f"{method.upper()} {template}"
        if response is None:
            return name, [f"status {exchange['status']} is not in the contract"]
        return name, self.check_query(operation, item, parts.query, exchange) + self.check_response(response, exchange)

    def check_query(self, operation, item, query, exchange):
        if exchange["status"] >= 400:
            return []  # a refusal may well be one of the query
        known = {self.resolve(p)["name"] for p in operation.get("parameters", []) + item.get("parameters", [])}
        given = {unquote(pair.split("=")[0]) for pair in query.split("&") if pair}
        return [f"query parameter {name} was accepted and is not in the contract" for name in sorted(given - known)]

    def check_response(self, response, exchange):
        faults = []
        documented = {name.lower(): self.resolve(value) for name, value in response.get("headers", {}).items()}
        for name, value in exchange["headers"].items():
            if name not in COMMON_HEADERS and name not in documented and name not in ("allow", "retry-after"):
                faults.append(f"header {name} is not in the contract")
            schema = self.closed(documented.get(name, {}).get("schema", {}))
            if schema.get("type") == "integer":
                value = int(value) if value.isdigit() else value
            for error in Draft202012Validator(schema, format_checker=self.formats).iter_errors(value):
                faults.append(f"header {name}: {error.message}")
        if exchange["status"] in (204, 304):
            return faults
        content = response.get("content", {})
        given = exchange["headers"].get("content-type", "").split(";")[0]
        if given not in content:
            return faults + [f"content type {given!r} is not in the contract"]
        if "json" in given and exchange["method"] != "HEAD":
            faults += self.check_body(self.closed(content[given].get("schema", {})), exchange["body"])
        return faults


def main():
    # A part of the tests can't have asked for everything.
    is_partial = "--partial" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--partial"]
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        contract = Contract(yaml.safe_load(file))
    with open(sys.argv[2], encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file if line.strip()]
    if not exchanges:
        print("contract: nothing was recorded: run the integration tests with SLUICE_RECORD_HTTP set", file=sys.stderr)
        return 1
    seen, failed = set(), 0
    for exchange in exchanges:
        name, faults = contract.check(exchange)
        if name:
            seen.add((name, exchange["status"]))
        for fault in faults:
            failed += 1
            print(f"{exchange['method']} {exchange['target']} -> {exchange['status']}: {fault}")
    operations = {f"{method.upper()} {path}" for path, item in contract.document["paths"].items()
                  for method in ("get", "put", "post", "patch", "delete") if method in item}
    unseen = sorted(operations - {name for name, status in seen if status < 300})
    for name in unseen if not is_partial else []:
        failed += 1
        print(f"{name}: no successful exchange was recorded, so nothing is known of it")
    print(f"contract: {len(exchanges)} exchanges, {len(seen)} operations with status, {failed} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
