#!/usr/bin/env python3
"""Judges recorded HTTP exchanges by api/openapi.yaml.

usage: validate.py [--partial] OPENAPI EXCHANGES.jsonl

Each line is {"method", "target", "request", "status", "headers", "body"}; body is null when it is not JSON. `request` is what was
sent: {"headers", "bytes", "body"}, its body again only when it is JSON. An exchange fails when its route, method, status, content
type, a header of ours or a member of its body is not in the contract; one that succeeded also when a parameter, a header or a
member of what was sent is not, because then the server takes what the contract does not tell of. Closes with a count of exchanges
and of the operations and statuses that were seen. Without --partial each operation must have been seen once with success.
"""
import json
import sys
from urllib.parse import parse_qsl, urlsplit

from description import PROBLEM, is_json, load, parse, problem_faults

# What the server adds everywhere (RFC 9110 and safety); all other headers of an answer must be in the contract.
COMMON_HEADERS = {
    "date", "server", "connection", "content-length", "content-type", "cache-control", "x-request-id",
    "x-content-type-options", "content-security-policy", "referrer-policy", "cross-origin-resource-policy", "vary",
    "strict-transport-security", "content-disposition", "content-language", "etag", "accept-ranges",
}
# What any request may have: of HTTP itself, of the ways to say who one is (securitySchemes), and what the contract's opening
# tells of all operations. What else is sent must be a parameter of the operation.
COMMON_REQUEST_HEADERS = {
    "host", "connection", "content-length", "content-type", "accept", "accept-encoding", "accept-language", "user-agent",
    "authorization", "cookie", "x-csrf-token", "x-request-id", "if-none-match",
}
# Answers that belong to no operation: an address that does not exist, a method it does not have.
WITHOUT_OPERATION = {401, 403, 404, 405, 400, 503, 204}


class Judge:
    def __init__(self, description):
        self.description = description

    def check(self, exchange):
        """(operation or None, list of faults)"""
        parts = urlsplit(exchange["target"])
        method = "get" if exchange["method"] == "HEAD" else exchange["method"].lower()
        template, item, values = self.description.find(parts.path)
        operation = item.get(method) if item else None
        if operation is None:
            if exchange["status"] not in WITHOUT_OPERATION:
                return None, [f"no operation {method.upper()} {parts.path} in the contract"]
            if exchange["body"] and exchange["method"] != "HEAD":
                return None, self.check_text("body", self.description.problem_schema(), exchange["body"])
            return None, []
        responses = {str(status): response for status, response in operation["responses"].items()}
        response = self.description.resolve(responses.get(str(exchange["status"])))
        name = f"{method.upper()} {template}"
        if response is None:
            return name, [f"status {exchange['status']} is not in the contract"]
        faults = self.check_response(response, exchange)
        if exchange["status"] < 400:  # a refusal may well be one of what was sent
            known = self.description.parameters(operation, item)
            faults += self.check_variables(known, self.description.variables(template, values))
            faults += self.check_query(known, parts.query)
            faults += self.check_request(known, operation, exchange)
        return name, faults

    def check_text(self, what, schema, text):
        value, faults = parse(text)
        return [f"{what} {fault}" for fault in faults or self.description.faults_of(schema, value)]

    def check_variables(self, known, variables):
        return [f"{name} of the path: {fault}" for name, value in variables
                for fault in self.description.text_faults(known[("path", name)]["schema"], value)]

    def check_query(self, known, query):
        faults = []
        for name, value in parse_qsl(query, keep_blank_values=True):
            if ("query", name) not in known:
                faults.append(f"query parameter {name} was accepted and is not in the contract")
                continue
            faults += [f"query parameter {name} was accepted: {fault}"
                       for fault in self.description.text_faults(known[("query", name)]["schema"], value)]
        return faults

    def check_request(self, known, operation, exchange):
        sent = exchange.get("request")
        if sent is None:
            return ["what was sent was not recorded"]
        faults = []
        for name, value in sent["headers"].items():
            if ("header", name) in known:
                faults += [f"header {name} was accepted: {fault}"
                           for fault in self.description.text_faults(known[("header", name)]["schema"], value)]
            elif name not in COMMON_REQUEST_HEADERS:
                faults.append(f"header {name} was accepted and is not in the contract")
        return faults + self.check_sent_body(self.description.resolve(operation.get("requestBody")), sent)

    def check_sent_body(self, wanted, sent):
        if not sent["bytes"]:
            return ["was accepted without the body that the contract requires"] if wanted and wanted.get("required") else []
        given = sent["headers"].get("content-type", "").split(";")[0]
        if not wanted:  # where no body is taken, an empty object is none
            is_empty = given == "application/json" and parse(sent["body"])[0] == {}
            return [] if is_empty else ["a body was accepted and none is in the contract"]
        if given not in wanted["content"]:
            return [f"a body of type {given!r} was accepted and is not in the contract"]
        return self.check_text("accepted body", wanted["content"][given]["schema"], sent["body"]) if is_json(given) else []

    def check_response(self, response, exchange):
        faults = []
        documented = {name.lower(): self.description.resolve(value) for name, value in response.get("headers", {}).items()}
        for name, value in exchange["headers"].items():
            if name not in COMMON_HEADERS and name not in documented and name not in ("allow", "retry-after"):
                faults.append(f"header {name} is not in the contract")
            if name in documented:
                faults += [f"header {name}: {fault}" for fault in self.description.text_faults(documented[name].get("schema", {}), value)]
        if exchange["status"] in (204, 304):
            return faults
        content = response.get("content", {})
        given = exchange["headers"].get("content-type", "").split(";")[0]
        if given not in content:
            return faults + [f"content type {given!r} is not in the contract"]
        if is_json(given) and exchange["method"] != "HEAD":
            faults += self.check_text("body", content[given].get("schema", {}), exchange["body"])
            if given == PROBLEM and not faults:
                faults += problem_faults(json.loads(exchange["body"]), exchange["status"])
        return faults


def main():
    # A part of the tests can't have asked for everything.
    is_partial = "--partial" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--partial"]
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    description = load(sys.argv[1])
    judge = Judge(description)
    count, seen, failed = 0, set(), 0
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in filter(str.strip, file):
            exchange = json.loads(line)
            count += 1
            name, faults = judge.check(exchange)
            if name:
                seen.add((name, exchange["status"]))
            for fault in faults:
                failed += 1
                print(f"{exchange['method']} {exchange['target']} -> {exchange['status']}: {fault}")
    if not count:
        print("contract: nothing was recorded: run the integration tests with SLUICE_RECORD_HTTP set", file=sys.stderr)
        return 1
    succeeded = {name for name, status in seen if status < 300}
    for name in sorted({name for name, *_ in description.operations()} - succeeded) if not is_partial else []:
        failed += 1
        print(f"{name}: no successful exchange was recorded, so nothing is known of it")
    print(f"contract: {count} exchanges, {len(seen)} operations with status, {failed} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
