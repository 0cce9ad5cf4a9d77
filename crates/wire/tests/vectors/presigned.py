"""Makes presigned.json: requests presigned by real botocore, as they would go on the wire.

Run: python presigned.py > presigned.json   (needs botocore)

Client cases are addresses made by real botocore clients, signer cases by botocore's query signer directly. The clock is
fixed, nothing is sent.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore
import botocore.auth
import botocore.session
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 22, 8, 51, 16)
REGION = "usher-1"
ENDPOINT = "http://127.0.0.1:8480"
LONG_TERM = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTEMPORARYK", "IQoJ+b3Jp/Z2lu==")

botocore.auth.get_current_datetime = lambda *args, **kwargs: NOW


def case(name, service, credentials, url, headers=(), method="GET"):
    parts = urlsplit(url)
    return {
        "name": name,
        "service": service,
        "access_key_id": credentials.access_key,
        "secret": credentials.secret_key,
        "session_token": credentials.token,
        "method": method,
        "path": parts.path or "/",
        "query": parts.query,
        "headers": [["Host", parts.netloc], *headers],
    }


def by_client(name, service, credentials, operation, parameters, expires=3600):
    client = botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=Config(signature_version="s3v4" if service == "s3" else "v4"),
    )
    # The query protocol's own method is POST; whoever fetches an address uses GET.
    url = client.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires, HttpMethod="GET")
    return case(name, service, credentials, url)


def by_signer(name, service, credentials, url, headers=(), expires=60, signer=SigV4QueryAuth):
    request = AWSRequest("GET", url, headers=dict(headers))
    signer(credentials, service, REGION, expires=expires).add_auth(request)
    return case(name, service, credentials, request.prepare().url, headers)


CASES = [
    by_client("who am I", "sts", LONG_TERM, "get_caller_identity", {}),
    by_client("who am I, for a week", "sts", LONG_TERM, "get_caller_identity", {}, 604800),
    by_client("who am I, temporary key", "sts", TEMPORARY, "get_caller_identity", {}),
    by_client("a user with marks in its name", "iam", LONG_TERM, "get_user", {"UserName": "a+b=c,d.e@f_g-h"}),
    by_client("an object", "s3", LONG_TERM, "get_object", {"Bucket": "logs", "Key": "a b/../c+d~é.log"}),
    by_signer(
        "a signed header besides the host",
        "sts",
        LONG_TERM,
        ENDPOINT + "/?Action=GetCallerIdentity&Version=2011-06-15",
        [("x-k8s-aws-id", "cluster-1")],
    ),
    by_signer("a query out of order", "sts", LONG_TERM, ENDPOINT + "/?b=2&a=%7E1&a=%2F&c"),
]

json.dump(
    {
        "generator": f"botocore {botocore.__version__}",
        "now": NOW.strftime("%Y%m%dT%H%M%SZ"),
        "region": REGION,
        "cases": CASES,
    },
    sys.stdout,
    indent=1,
    ensure_ascii=False,
)
print()
