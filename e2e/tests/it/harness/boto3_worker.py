"""Makes the suite's boto3 calls: one JSON request a line on stdin, one JSON answer a line on stdout.

A request: service, operation (snake case), arguments (in which {"base64": ...} stands for bytes), key, secret, and
optionally `skew` (seconds by which the signer's clock is wrong) and `tamper` (change the body after it was signed). An
answer: {"ok": ...}, or {"error": {"Code", "Message", "Status"}}, or {"broken": why} when a response does not have
botocore's shape.

Beyond what boto3 does by itself, each successful response is held against its output shape (`botocore_shapes`).
"""

import base64
import datetime
import json
import sys
from unittest import mock

import boto3
import botocore.auth
import botocore.exceptions
from botocore.compat import get_current_datetime
from botocore.config import Config

import botocore_shapes


class Broken(Exception):
    """A response that botocore parses, but whose shape is not the model's."""


def client(request):
    made = boto3.client(
        request["service"],
        aws_access_key_id=request["key"],
        aws_secret_access_key=request["secret"],
        config=Config(retries={"max_attempts": 1}, connect_timeout=10, read_timeout=30),
    )

    def judge(response_dict=None, parsed_response=None, **_):
        if parsed_response is not None and response_dict["status_code"] < 300:
            model = made.meta.service_model.operation_model(response_dict["context"]["operation_name"])
            for fault in botocore_shapes.faults(model, response_dict["body"]):
                raise Broken(fault)

    def tamper(request, **_):
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        request.body = body.replace(b"signed", b"forged")

    made.meta.events.register("response-received", judge)
    if request.get("tamper"):
        made.meta.events.register("before-send", tamper)
    return made


def bytes_in(value):
    """Arguments with their bytes."""
    if isinstance(value, dict) and set(value) == {"base64"}:
        return base64.b64decode(value["base64"])
    if isinstance(value, dict):
        return {name: bytes_in(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [bytes_in(inner) for inner in value]
    return value


def text_of(value):
    """What JSON has no form for: bytes as base64, times as ISO 8601."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.isoformat()


def answer(request):
    skewed = get_current_datetime() + datetime.timedelta(seconds=request.get("skew") or 0)
    try:
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: skewed):
            parsed = getattr(client(request), request["operation"])(**bytes_in(request["arguments"]))
    except botocore.exceptions.ClientError as refused:
        told = refused.response
        status = told["ResponseMetadata"]["HTTPStatusCode"]
        return {"error": {**told["Error"], "Status": status}}
    except (Broken, botocore.exceptions.BotoCoreError, ValueError) as problem:
        return {"broken": f"{type(problem).__name__}: {problem}"}
    parsed.pop("ResponseMetadata", None)
    return {"ok": parsed}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=text_of), flush=True)
