#!/usr/bin/env python3
"""The judge is judged: exchanges with one fault each must be found out."""
import copy
import pathlib
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from validate import Contract  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]
GOOD = {
    "method": "GET", "target": "/healthz", "status": 200,
    "headers": {"content-type": "application/json", "date": "x"}, "body": '{"status":"ok"}',
}


class Judge(unittest.TestCase):
    def setUp(self):
        self.contract = Contract(yaml.safe_load((ROOT / "api/openapi.yaml").read_text(encoding="utf-8")))

    def faults(self, **changes):
        exchange = copy.deepcopy(GOOD)
        exchange.update(changes)
        return self.contract.check(exchange)[1]

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


if __name__ == "__main__":
    unittest.main()
