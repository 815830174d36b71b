"""api/openapi.yaml as the checks of this folder use it: its operations, and what a value has to be by a schema."""
import json
import re
from urllib.parse import unquote

import yaml
from jsonschema import Draft202012Validator, FormatChecker

PROBLEM = "application/problem+json"
METHODS = ("get", "put", "post", "patch", "delete")


def load(path):
    with open(path, encoding="utf-8") as file:
        return Description(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def is_json(media_type):
    return "json" in media_type


def problem_faults(value, status):
    """A problem (RFC 9457) has its code in its type, comes with its own status, and is titled by that."""
    faults = []
    if value.get("type") != "urn:sluice:problem:" + str(value.get("code")).lower().replace("_", "-"):
        faults.append("its type is not that of its code")
    if str(value.get("status")) != str(status):
        faults.append("its status is another one")
    if value.get("title") == "Internal Server Error" and str(status) != "500":
        faults.append("its title is that of another status")
    return faults


def coerce(schema, text):
    """A text of a query, a path or a header as the kind of value that its schema speaks of."""
    if schema.get("type") == "integer" and re.fullmatch("-?[0-9]+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


class Description:
    def __init__(self, document):
        self.document = document
        self.formats = FormatChecker()
        self.paths = [(self.pattern(path, item), path, item) for path, item in document["paths"].items()]
        self.validators = {}

    @staticmethod
    def pattern(path, item):
        """x-takes-rest: the last variable takes slashes too, which OpenAPI has no word for."""
        parts = ["([^/]+)" if part.startswith("{") else re.escape(part) for part in path.split("/")]
        if item.get("x-takes-rest"):
            parts[-1] = "(.+)"
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

    def faults_of(self, schema, value):
        """What is wrong with a value, by a schema of the document. Schemas stay where they are, so each is made ready once."""
        if id(schema) not in self.validators:
            self.validators[id(schema)] = Draft202012Validator(self.closed(schema), format_checker=self.formats)
        return [f"{error.json_path}: {error.message[:600]}" for error in self.validators[id(schema)].iter_errors(value)]

    def text_faults(self, schema, text):
        """The same for a text of a query, a path or a header."""
        return self.faults_of(schema, coerce(self.resolve(schema), text))

    def find(self, path):
        """(path of the document, its item, the variables). What has fewer variables stands above (OpenAPI 3.1, 4.8.8.2)."""
        found = [(template, item, match.groups()) for pattern, template, item in self.paths if (match := pattern.fullmatch(path))]
        return min(found, key=lambda one: one[0].count("{"), default=(None, None, ()))

    def variables(self, template, values):
        """(name, value), decoded as the server does it: a path is cut at its slashes first."""
        return list(zip(re.findall(r"\{(\w+)\}", template), map(unquote, values)))

    def parameters(self, operation, item):
        """{(in, name in small letters for a header): parameter}"""
        found = {}
        for parameter in map(self.resolve, item.get("parameters", []) + operation.get("parameters", [])):
            place, name = parameter["in"], parameter["name"]
            found[(place, name.lower() if place == "header" else name)] = parameter
        return found

    def operations(self):
        """(name, item, operation) of each."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield f"{method.upper()} {path}", item, item[method]

    def problem_schema(self):
        return self.document["components"]["schemas"]["Problem"]


def parse(text):
    """(value, faults)"""
    try:
        return json.loads(text), []
    except ValueError as error:
        return None, [f"is no JSON: {error}"]
