"""Makes sigv4.json: requests signed by real botocore, captured as they would go on the wire.

Run: python sigv4.py > sigv4.json   (needs botocore, and cryptography for the registration-key cases)

Client cases are calls of real botocore clients, caught at `before-send`; signer cases are requests given to botocore's
signers directly. The clock is fixed, nothing is sent. Registration-key cases use botocore's canonical request with an
RSA-PSS signature by cryptography, as amazon-ssm-agent does it.
"""

import base64
import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore
import botocore.auth
import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

NOW = datetime.datetime(2026, 11, 22, 8, 51, 16)
REGION = "usher-1"
LONG_TERM = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTEMPORARYK", "IQoJ+b3Jp/Z2lu==")
ENDPOINT = "http://127.0.0.1:8480"

botocore.auth.get_current_datetime = lambda *args, **kwargs: NOW

canonical = []
for signer in (SigV4Auth, S3SigV4Auth):
    original = signer.canonical_request

    def remember(self, request, original=original):
        text = original(self, request)
        canonical.append(text)
        return text

    if "canonical_request" in vars(signer):
        signer.canonical_request = remember


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def case(name, service, credentials, method, url, headers, body, **more):
    parts = urlsplit(url)
    headers = [[text(key), text(value)] for key, value in headers]
    if not any(key.lower() == "host" for key, _ in headers):
        headers.append(["Host", parts.netloc])
    return {
        "name": name,
        "service": service,
        "access_key_id": credentials and credentials.access_key,
        "secret": credentials and credentials.secret_key,
        "session_token": credentials and credentials.token,
        "method": method,
        "path": parts.path or "/",
        "query": parts.query,
        "headers": headers,
        "body_base64": base64.b64encode(body or b"").decode(),
        "canonical_request": canonical[-1],
        **more,
    }


def by_client(name, service, operation, credentials=LONG_TERM, **arguments):
    session = botocore.session.Session()
    client = session.create_client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=Config(retries={"max_attempts": 0}, request_checksum_calculation="when_required"),
    )
    caught = []

    class Sent(Exception):
        pass

    def catch(request, **_):
        caught.append(request)
        raise Sent

    client.meta.events.register("before-send", catch)
    try:
        getattr(client, operation)(**arguments)
    except Sent:
        pass
    sent = caught[0]
    body = sent.body if isinstance(sent.body, (bytes, type(None))) else (
        sent.body.encode() if isinstance(sent.body, str) else sent.body.read()
    )
    return case(name, service, credentials, sent.method, sent.url, sent.headers.items(), body)


def signed(name, method, url, service="ssmmessages", credentials=LONG_TERM, headers=(), body=b"", auth=SigV4Auth):
    request = AWSRequest(method=method, url=url, data=body)
    for key, value in headers:
        request.headers.add_header(key, value)
    auth(credentials, service, REGION).add_auth(request)
    return case(name, service, credentials, method, url, request.headers.items(), body)


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NODE = Credentials("mi-0123456789abcdef0", "unused")


class RegistrationKeyAuth(SigV4Auth):
    def signature(self, string_to_sign, request):
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        return base64.b64encode(KEY.sign(string_to_sign.encode(), pss, hashes.SHA256())).decode()


def by_node(name, signed_host, sent_host):
    url = f"http://{sent_host}/"
    body = b'{"Fingerprint":"6f2c9a3e-5d0e-4f6c-9d54-6a0c1f5f8e11"}'
    request = AWSRequest(method="POST", url=url, data=body)
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["X-Amz-Target"] = "AmazonSSM.RequestManagedInstanceRoleToken"
    request.headers["Host"] = signed_host
    RegistrationKeyAuth(NODE, "ssm", REGION).add_auth(request)
    del request.headers["Host"]
    # As the agent: the hash is added after the list of signed headers was built, and the wire drops a default port.
    digest = botocore.auth.sha256(body).hexdigest()
    headers = [*request.headers.items(), ("X-Amz-Content-Sha256", digest), ("Host", sent_host)]
    spki = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    made = case(name, "ssm", NODE, "POST", url, headers, body, public_key=base64.b64encode(spki).decode())
    made["secret"] = None
    return made


PREFERENCES = '{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{"runAsEnabled":true}}'
CHANNEL = "http://127.0.0.1:8480/v1/data-channel/alice-0abcdef0123456789"
CASES = [
    by_client("json call", "ssm", "start_session", Target="mi-0123456789abcdef0", Reason="größer + besser"),
    by_client("json call with a session token", "ssm", "start_session", TEMPORARY, Target="mi-0123456789abcdef0"),
    by_client("json call with a document as body", "ssm", "create_document", Content=PREFERENCES,
              Name="SSM-SessionManagerRunShell", DocumentType="Session", DocumentFormat="JSON"),
    by_client("json call with an empty body", "ssm", "describe_activations"),
    by_client("json call to kms", "kms", "generate_data_key", KeyId="alias/usher", NumberOfBytes=64),
    by_client("json call to logs", "logs", "create_log_stream", logGroupName="/usher", logStreamName="alice-0abc"),
    by_client("query call", "iam", "tag_user", UserName="alice", Tags=[{"Key": "SSMSessionRunAs", "Value": "a b+c"}]),
    by_client("query call with a session token", "sts", "get_caller_identity", TEMPORARY),
    by_client("s3 put", "s3", "put_object", Bucket="logs", Key="prefix/alice 0+abc.log", Body=b"hello",
              ACL="bucket-owner-full-control", Metadata={"note": "two  spaces"}),
    by_client("s3 list with a query", "s3", "list_objects_v2", TEMPORARY, Bucket="logs", Prefix="a b/+&=é"),
    by_client("s3 sub-resource without a value", "s3", "get_bucket_encryption", Bucket="logs"),
    by_client("s3 key with dots and slashes", "s3", "get_object", Bucket="logs", Key="a//b/../c~d"),
    signed("websocket upgrade of the agent", "GET", CHANNEL + "?role=publish_subscribe", credentials=TEMPORARY,
           headers=[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]),
    signed("websocket upgrade without a query", "GET", CHANNEL),
    signed("websocket upgrade on a default port", "GET",
           "https://gateway.example/v1/control-channel/mi-0123456789abcdef0?role=subscribe&stream=input"),
    signed("create data channel", "POST", CHANNEL, credentials=TEMPORARY, body=b'{"MessageSchemaVersion":"1.0"}',
           headers=[("Content-Type", "application/json")]),
    signed("query out of order", "GET", CHANNEL + "?b=2&a=2&a=1&B=0"),
    signed("query with a key without a value", "GET", CHANNEL + "?stream&role="),
    signed("query with escapes", "GET", CHANNEL + "?k=%C3%A9%20%2F%3D~"),
    signed("query with an escaped plus", "GET", CHANNEL + "?k=a%2Bb"),
    signed("path with dot segments and doubled slashes", "GET", "http://127.0.0.1:8480//v1/./x/../data-channel//a"),
    signed("path with escapes", "GET", "http://127.0.0.1:8480/v1/data-channel/a%20b%2Fc"),
    signed("path with characters of role session names", "GET", "http://127.0.0.1:8480/v1/data-channel/a@b=c+d,e-0"),
    signed("header values with runs of spaces", "GET", CHANNEL, headers=[("X-Amz-Meta-Note", "  a   b  c ")]),
    signed("repeated headers in order", "GET", CHANNEL,
           headers=[("X-Amz-Meta-Note", "b"), ("x-amz-meta-note", " a  1")]),
    signed("empty header value", "GET", CHANNEL, headers=[("X-Amz-Meta-Note", "")]),
    signed("date header in place of x-amz-date", "GET", CHANNEL, headers=[("Date", "x")]),
    by_node("registration key, host as sent", "127.0.0.1:8480", "127.0.0.1:8480"),
    by_node("registration key, port 80 signed and not sent", "localhost:80", "localhost"),
    by_node("registration key, port 443 signed and not sent", "usher.example:443", "usher.example"),
]

json.dump(
    {
        "origin": f"botocore {botocore.__version__}, captured by sigv4.py beside this file; nothing was sent",
        "now": "20261122T085116Z",
        "region": REGION,
        "cases": CASES,
    },
    sys.stdout,
    indent=1,
    ensure_ascii=False,
)
print()
