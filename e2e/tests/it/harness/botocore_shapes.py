"""Holds the body of a successful response against the output shape that botocore has for its operation, as it travelled.

botocore's own parser leaves out what it does not know and does not miss what is not there. Here a member that the model
does not have, one that it requires and is missing, a value of another type and an enumerated value that is none of the
listed are faults. Knows the protocols of the services that are held against it: JSON 1.1, query with XML answers, EC2's
and S3's.
"""

import base64
import binascii
import json
import re
import xml.etree.ElementTree

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def faults(model, body):
    """What is wrong with `body`, a sentence each."""
    shape = model.output_shape
    protocol = model.service_model.metadata["protocol"]
    if protocol == "query":
        yield from faults_of_answer(model, shape, xml.etree.ElementTree.fromstring(body))
    elif protocol == "ec2":
        yield from faults_of_ec2(model, shape, xml.etree.ElementTree.fromstring(body))
    elif protocol == "rest-xml":
        yield from faults_of_body(model, shape, body)
    elif shape is not None:
        yield from in_json(json.loads(body), shape, model.name)
    elif body not in (b"", b"{}"):
        yield f"{model.name} has no answer, and answers {body!r}"


def faults_of_answer(model, shape, answer):
    if local(answer) != f"{model.name}Response":
        yield f"{model.name} answers {local(answer)}"
    namespace = model.service_model.metadata.get("xmlNamespace")
    if answer.tag != f"{{{namespace}}}{local(answer)}":
        yield f"{model.name} answers in the namespace of {answer.tag}, not in {namespace}"
    parts = {local(part): part for part in answer}
    metadata = parts.pop("ResponseMetadata", None)
    if metadata is None or [local(part) for part in metadata] != ["RequestId"]:
        yield f"{model.name} has no RequestId"
    wrapper = None if shape is None else shape.serialization.get("resultWrapper")
    if wrapper is not None:
        result = parts.pop(wrapper, None)
        if result is None:
            yield f"{model.name} has no {wrapper}"
        else:
            yield from in_xml(result, shape, model.name)
    for part in parts:
        yield f"{model.name} has {part}, which the model does not have"


def faults_of_ec2(model, shape, answer):
    # botocore's namespace lacks the slash that stands in EC2's answers.
    if answer.tag != f"{{{model.service_model.metadata['xmlNamespace']}/}}{model.name}Response":
        yield f"{model.name} answers {answer.tag}"
    identity = answer[0] if len(answer) else None
    if identity is None or local(identity) != "requestId":
        yield f"{model.name} has no requestId"
    else:
        answer.remove(identity)
    yield from in_xml(answer, shape, model.name)


def faults_of_body(model, shape, body):
    if shape is not None and "payload" in shape.serialization:
        return
    if shape is not None and any(is_in_body(member) for member in shape.members.values()):
        yield from in_xml(xml.etree.ElementTree.fromstring(body), shape, model.name)
    elif body:
        yield f"{model.name} has no body, and answers {body!r}"


def is_in_body(shape):
    return "location" not in shape.serialization


def missing(shape, present, name):
    for member in shape.required_members:
        if member not in present and is_in_body(shape.members[member]):
            yield f"{name}.{member} is missing"


def unlisted(value, shape, name):
    if shape.enum and value not in shape.enum:
        yield f"{name} is {value!r}, not one of {shape.enum}"


def in_json(value, shape, name):
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {inner.serialization.get("name", member): (member, inner) for member, inner in shape.members.items()}
        for told, inner in value.items():
            if told in members:
                yield from in_json(inner, members[told][1], f"{name}.{told}")
            else:
                yield f"{name}.{told} is not in the model"
        yield from missing(shape, {members[told][0] for told in value if told in members}, name)
    elif kind == "list" and isinstance(value, list):
        for at, inner in enumerate(value):
            yield from in_json(inner, shape.member, f"{name}[{at}]")
    elif kind == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield from in_json(key, shape.key, f"{name} (key)")
            yield from in_json(inner, shape.value, f"{name}[{key!r}]")
    elif not is_json_scalar(value, kind):
        yield f"{name} is {value!r}, no {kind}"
    elif kind == "string":
        yield from unlisted(value, shape, name)


def is_json_scalar(value, kind):
    if kind in ("integer", "long"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in ("float", "double", "timestamp"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "blob":
        return isinstance(value, str) and is_base64(value)
    return kind == "string" and isinstance(value, str)


def in_xml(element, shape, name):
    kind = shape.type_name
    if kind == "structure":
        members = {name_in_xml(member, inner): (member, inner) for member, inner in shape.members.items() if is_in_body(inner)}
        present = set()
        for child in element:
            if local(child) not in members:
                yield f"{name}.{local(child)} is not in the model"
                continue
            member, inner = members[local(child)]
            is_item = inner.serialization.get("flattened", False)
            if member in present and not is_item:
                yield f"{name}.{member} is there twice"
            present.add(member)
            yield from in_xml(child, inner.member if is_item else inner, f"{name}.{member}")
        yield from missing(shape, present, name)
    elif kind == "list":
        item = shape.member.serialization.get("name", "member")
        for at, child in enumerate(element):
            if local(child) != item:
                yield f"{name}[{at}] is called {local(child)}, not {item}"
            yield from in_xml(child, shape.member, f"{name}[{at}]")
    elif kind == "map":
        for entry in element:
            parts = {local(part): part for part in entry}
            if local(entry) != "entry" or set(parts) != {"key", "value"}:
                yield f"{name} has {local(entry)} of {sorted(parts)}, not an entry of key and value"
                continue
            yield from in_xml(parts["key"], shape.key, f"{name} (key)")
            yield from in_xml(parts["value"], shape.value, f"{name}[{parts['key'].text!r}]")
    elif len(element) or not is_xml_scalar(element.text or "", kind):
        yield f"{name} is {element.text!r}, no {kind}"
    elif kind == "string":
        yield from unlisted(element.text or "", shape, name)


def name_in_xml(member, shape):
    if shape.serialization.get("flattened") and "name" in shape.member.serialization:
        return shape.member.serialization["name"]
    return shape.serialization.get("name", member)


def is_xml_scalar(text, kind):
    if kind in ("integer", "long"):
        return re.fullmatch(r"-?\d+", text) is not None
    if kind in ("float", "double"):
        return re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text) is not None
    if kind == "boolean":
        return text in ("true", "false")
    if kind == "timestamp":
        return ISO_8601.fullmatch(text) is not None
    if kind == "blob":
        return is_base64(text)
    return kind == "string"


def is_base64(text):
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def local(element):
    return element.tag.rpartition("}")[2]
