#!/usr/bin/env python3
"""The judges are judged: exchanges and examples with one fault each must be found out."""
import copy
import csv
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from description import Description, load  # noqa: E402
from examples import check_bodies, check_values  # noqa: E402
from validate import Judge  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]
CONTRACT = load(ROOT / "api/openapi.yaml")
GOOD = {
    "method": "GET", "target": "/healthz", "status": 200, "request": {"headers": {"host": "x"}, "bytes": 0, "body": None},
    "headers": {"content-type": "application/json", "date": "x"}, "body": '{"status":"ok"}',
}
# What somebody is in a case (storage/release/case.hpp), as the contract calls it.
PARTS = {
    "applicant": "applicant", "unit_head": "head of the unit", "reviewer": "reviewer", "level1": "first level",
    "handler": "secretariat|handling officer", "secretariat_head": "head of the secretariat", "ethics": "ethics office",
    "consulted": "heads? of (an|the) asked units?", "director": "director", "delegate": "delegate", "escort": "escort",
}
STEP = "/v1/requests/019ab0c4-8f3e-7c61-9f6d-0a1b2c3d0020/"


def sent(body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        headers.setdefault("content-type", "application/json")
    return {"headers": headers, "bytes": len(body or ""), "body": body}


class Exchanges(unittest.TestCase):
    judge = Judge(CONTRACT)

    def faults(self, **changes):
        exchange = copy.deepcopy(GOOD)
        exchange.update(changes)
        return self.judge.check(exchange)[1]

    def step_faults(self, step, request, **changes):
        """Those of what was sent; the answer is left out of it."""
        changes = {"status": 200, "headers": {"content-type": "application/json"}, "body": "0", **changes}
        found = self.faults(method="POST", target=STEP + step, request=request, **changes)
        return [fault for fault in found if not fault.startswith("body ")]

    def test_a_documented_exchange_passes(self):
        self.assertEqual(self.faults(), [])

    def test_an_undocumented_route_fails(self):
        self.assertTrue(self.faults(target="/healthz2"))

    def test_an_undocumented_method_fails(self):
        self.assertTrue(self.faults(method="POST"))

    def test_an_undocumented_status_fails(self):
        self.assertTrue(self.faults(status=202))

    def test_an_undocumented_member_fails(self):
        self.assertTrue(self.faults(body='{"status":"ok","more":1}'))

    def test_a_missing_member_and_a_wrong_value_fail(self):
        self.assertTrue(self.faults(body="{}"))
        self.assertTrue(self.faults(body='{"status":"fine"}'))

    def test_an_undocumented_header_and_content_type_fail(self):
        self.assertTrue(self.faults(headers={**GOOD["headers"], "x-new": "1"}))
        self.assertTrue(self.faults(headers={"content-type": "text/html"}))

    def test_an_accepted_parameter_that_is_not_documented_fails(self):
        self.assertTrue(self.faults(target="/healthz?x=1"))

    def test_an_accepted_parameter_with_a_value_that_is_not_documented_fails(self):
        page = {"body": '{"items":[],"next":null}'}
        self.assertEqual(self.faults(target="/v1/requests?state=granted&limit=2", **page), [])
        self.assertTrue(self.faults(target="/v1/requests?state=lost", **page))
        self.assertTrue(self.faults(target="/v1/requests?limit=0", **page))

    def test_an_accepted_header_that_is_not_documented_fails(self):
        self.assertTrue(self.faults(request=sent(idempotency_key="a")))
        self.assertEqual(self.step_faults("submit", sent(if_match='"4"')), [])
        self.assertTrue(self.step_faults("submit", sent(if_match="4")))

    def test_an_accepted_body_that_is_not_documented_fails(self):
        self.assertTrue(self.faults(request=sent('{"more":1}')))
        self.assertEqual(self.faults(request=sent("{}")), [])
        self.assertTrue(self.step_faults("submit", sent("a=b", content_type="text/plain")))

    def test_each_step_takes_the_members_of_its_own_schema_alone(self):
        self.assertEqual(self.step_faults("return", sent('{"missing":"報案證明"}')), [])
        self.assertTrue(self.step_faults("return", sent('{"missing":"報案證明","units":[]}')))
        self.assertTrue(self.step_faults("refer", sent('{"missing":"報案證明"}')))
        self.assertTrue(self.step_faults("extend", sent("{}")))

    def test_a_body_may_be_left_out_only_where_it_is_not_required(self):
        self.assertEqual(self.step_faults("submit", sent()), [])
        self.assertTrue(self.step_faults("return", sent()))

    def test_what_was_refused_may_be_anything(self):
        problem = "application/problem+json"
        example = CONTRACT.document["components"]["responses"]["RequestUnfit"]["content"][problem]["example"]
        refused = {"status": 422, "headers": {"content-type": problem}, "body": json.dumps(example)}
        self.assertEqual(self.faults(method="POST", target=STEP + "return?x=1", request=None, **refused), [])

    def test_a_problem_that_is_another_one_than_its_status_and_code_fails(self):
        problem = "application/problem+json"
        example = CONTRACT.document["components"]["responses"]["Unauthenticated"]["content"][problem]["example"]
        for change, is_fault in (({}, False), ({"code": "OTHER"}, True), ({"title": "Internal Server Error"}, True), ({"status": 403}, True)):
            body = json.dumps({**example, **change})
            found = self.faults(target="/v1/cameras", status=401, request=None, headers={"content-type": problem}, body=body)
            self.assertEqual(bool(found), is_fault, found)

    def test_an_exchange_without_what_was_sent_fails(self):
        self.assertTrue(self.faults(request=None))


class Examples(unittest.TestCase):
    def faults(self, change):
        document = copy.deepcopy(CONTRACT.document)
        change(document)
        description = Description(document)
        return [*check_bodies(description), *check_values(description)]

    def test_every_body_that_is_taken_names_all_its_members(self):
        for name, _, operation in CONTRACT.operations():
            content = CONTRACT.resolve(operation.get("requestBody", {})).get("content", {})
            if "application/json" in content:
                with self.subTest(name):
                    self.assertIs(CONTRACT.resolve(content["application/json"]["schema"]).get("additionalProperties"), False)

    def test_all_of_the_contract_are_there_and_right(self):
        self.assertEqual(self.faults(lambda document: None), [])

    def test_a_missing_one_is_found(self):
        taken = lambda document: document["paths"]["/v1/requests/{id}/return"]["post"]["requestBody"]["content"]
        told = lambda document: document["components"]["responses"]["StepTaken"]["content"]
        self.assertTrue(self.faults(lambda document: taken(document)["application/json"].pop("example")))
        self.assertTrue(self.faults(lambda document: told(document)["application/json"].pop("examples")))

    def test_a_wrong_one_is_found(self):
        for name, change in (("GrantedRequest", {"state": "lost"}), ("Hold", {"more": 1})):
            self.assertTrue(self.faults(lambda document: document["components"]["examples"][name]["value"].update(change)))
        self.assertTrue(self.faults(lambda document: document["components"]["parameters"]["Limit"].update(example=0)))

    def test_a_problem_with_another_status_or_code_is_found(self):
        for change in ({"status": 409}, {"code": "OTHER"}):
            self.assertTrue(self.faults(lambda document: document["components"]["responses"]["NotJson"]["content"]
                                        ["application/problem+json"]["example"].update(change)))


class Steps(unittest.TestCase):
    """What the contract tells of the steps of a request is what tests/data/lifecycle.csv has, which the program is held to."""

    @classmethod
    def setUpClass(cls):
        with open(ROOT / "tests/data/lifecycle.csv", encoding="utf-8") as file:
            cls.rows = [row for row in csv.DictReader(file) if row["role"] != "clock"]
        cls.states = set(CONTRACT.document["components"]["schemas"]["RequestState"]["enum"])
        cls.told = {path.rsplit("/", 1)[1]: item["post"] for path, item in CONTRACT.document["paths"].items()
                    if item.get("post", {}).get("tags") == ["steps"]}

    def test_there_is_an_address_for_each(self):
        self.assertEqual(set(self.told), {row["action"] for row in self.rows})

    def test_each_has_a_body_of_its_own(self):
        schemas = [step["requestBody"]["content"]["application/json"]["schema"]["$ref"] for step in self.told.values()]
        self.assertEqual(len(set(schemas)), len(self.told))

    def test_each_names_the_states_that_it_connects_and_the_codes_that_stand_against_it(self):
        for action, step in self.told.items():
            rows = [row for row in self.rows if row["action"] == action]
            taken = [row for row in rows if row["result"] in self.states]
            head, _, codes = step["description"].partition("Stands against it:")
            first = set(re.findall("`([a-z_]+)`", head.split(".")[0]))
            with self.subTest(action):
                self.assertEqual(first, {row[end] for row in taken for end in ("state", "result")})
                self.assertEqual(set(re.findall("`([A-Z0-9_]+)`", codes)), {row["result"] for row in rows} - self.states - {"REQUEST_STATE"})

    def test_each_names_who_takes_it(self):
        for row in self.rows:
            if row["result"] in self.states:
                with self.subTest(row["action"], part=row["role"]):
                    self.assertRegex(" ".join(self.told[row["action"]]["description"].split()), PARTS[row["role"]])

    def test_a_refusal_rests_on_the_grounds_that_there_are(self):
        with open(ROOT / "tests/data/codes.csv", encoding="utf-8") as file:
            grounds = {row["code"] for row in csv.DictReader(file) if row["ground"] == "yes"}
        self.assertEqual(set(CONTRACT.document["components"]["schemas"]["RefusalGround"]["enum"]), grounds)


if __name__ == "__main__":
    unittest.main()
