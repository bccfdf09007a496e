"""Holds JSON against a schema: as much of JSON Schema, drafts 4 to 7, as vendors' schemas use.

A keyword that is not known is an error, so that nothing is taken for checked that was not.
"""
import re

ANNOTATIONS = {"$schema", "$id", "id", "title", "description", "default", "examples", "definitions",
               "$comment"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Schema:
    """documents: every schema that a $ref may name, by its address without the fragment.

    strict: an object whose schema lists properties may have no others, said or unsaid.
    """

    def __init__(self, documents, strict=False):
        self.documents = documents
        self.strict = strict

    def resolve(self, reference, base):
        address, _, pointer = reference.partition("#")
        address = address or base
        schema = self.documents[address]
        for part in filter(None, pointer.split("/")):
            schema = schema[part.replace("~1", "/").replace("~0", "~")]
        return schema, address

    def errors(self, value, schema, base, path="$"):
        """What is wrong with a value, as texts."""
        if "$ref" in schema:
            return self.errors(value, *self.resolve(schema["$ref"], base), path)
        found = []
        for keyword, argument in schema.items():
            if keyword in ANNOTATIONS:
                continue
            check = getattr(self, "check_" + keyword, None)
            if check is None:
                raise ValueError(f"the schema's keyword {keyword} is not known here")
            found += check(value, argument, schema, base, path)
        return found

    def check_type(self, value, argument, _schema, _base, path):
        for name in argument if isinstance(argument, list) else [argument]:
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if name == "number" and number or name == "integer" and number and value == int(value):
                return []
            if name in TYPES and isinstance(value, TYPES[name]):
                return []
        return [f"{path}: is no {argument}"]

    def check_enum(self, value, argument, _schema, _base, path):
        return [] if value in argument else [f"{path}: {value!r} is none of {argument}"]

    def check_pattern(self, value, argument, _schema, _base, path):
        if isinstance(value, str) and not re.search(argument, value):
            return [f"{path}: {value!r} is not of the form {argument}"]
        return []

    def check_format(self, *_arguments):
        return []

    def check_minimum(self, value, argument, _schema, _base, path):
        return [f"{path}: less than {argument}"] if value < argument else []

    def check_maximum(self, value, argument, _schema, _base, path):
        return [f"{path}: more than {argument}"] if value > argument else []

    def check_minLength(self, value, argument, _schema, _base, path):
        return [f"{path}: too short"] if isinstance(value, str) and len(value) < argument else []

    def check_maxLength(self, value, argument, _schema, _base, path):
        return [f"{path}: too long"] if isinstance(value, str) and len(value) > argument else []

    def check_maxItems(self, value, argument, _schema, _base, path):
        return [f"{path}: more than {argument}"] if len(value) > argument else []

    def check_minItems(self, value, argument, _schema, _base, path):
        return [f"{path}: fewer than {argument}"] if len(value) < argument else []

    def check_maxProperties(self, value, argument, _schema, _base, path):
        return self.check_maxItems(value, argument, None, None, path)

    def check_minProperties(self, value, argument, _schema, _base, path):
        return self.check_minItems(value, argument, None, None, path)

    def check_required(self, value, argument, _schema, _base, path):
        if not isinstance(value, dict):
            return []
        return [f"{path}: lacks {name}" for name in argument if name not in value]

    def check_properties(self, value, argument, schema, base, path):
        found = []
        if self.strict and isinstance(value, dict) and "additionalProperties" not in schema:
            found += [f"{path}: {name} is not known" for name in value if name not in argument]
        for name, schema in argument.items():
            if isinstance(value, dict) and name in value:
                found += self.errors(value[name], schema, base, f"{path}.{name}")
        return found

    def check_additionalProperties(self, value, argument, schema, base, path):
        found = []
        for name in value if isinstance(value, dict) else []:
            if name in schema.get("properties", {}):
                continue
            if argument is False:
                found.append(f"{path}: {name} is not known")
            elif isinstance(argument, dict):
                found += self.errors(value[name], argument, base, f"{path}.{name}")
        return found

    def check_items(self, value, argument, _schema, base, path):
        found = []
        for i, item in enumerate(value if isinstance(value, list) else []):
            found += self.errors(item, argument, base, f"{path}[{i}]")
        return found

    def check_allOf(self, value, argument, _schema, base, path):
        return [error for schema in argument for error in self.errors(value, schema, base, path)]

    def check_anyOf(self, value, argument, _schema, base, path):
        tries = [self.errors(value, schema, base, path) for schema in argument]
        return [] if [] in tries else min(tries, key=len)

    def check_oneOf(self, value, argument, _schema, base, path):
        tries = [self.errors(value, schema, base, path) for schema in argument]
        if tries.count([]) > 1:
            return [f"{path}: fits more than one of what it may be"]
        return [] if [] in tries else min(tries, key=len)


def property_paths(checker, schema, base="", path="$", depth=12):
    """The paths of all properties that a schema names, in whichever of its alternatives."""
    if depth == 0 or not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return property_paths(checker, *checker.resolve(schema["$ref"], base), path, depth - 1)
    found = set()
    for name, of in schema.get("properties", {}).items():
        found |= {f"{path}.{name}"} | property_paths(checker, of, base, f"{path}.{name}", depth - 1)
    for word in ("allOf", "anyOf", "oneOf"):
        for of in schema.get(word, []):
            found |= property_paths(checker, of, base, path, depth - 1)
    if isinstance(schema.get("items"), dict):
        found |= property_paths(checker, schema["items"], base, path + "[]", depth - 1)
    return found
