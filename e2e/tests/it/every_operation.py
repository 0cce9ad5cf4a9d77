"""Has boto3 call every operation of the server whose table is given, and holds each response against botocore's model.

    every_operation.py TABLE          the environment names endpoint, region, the administrator's keys and USHER_NODE

Takes that node away in the end.
TABLE is docs/operations.md, which a test keeps true to the code. Prints the faults and the operations of the table that
botocore knows and nobody called, a line each; nothing means that all is well.
"""

import base64
import http.server
import json
import os
import re
import sys
import threading
import time

import boto3
import rsa
from botocore.config import Config

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "harness"))

import botocore_shapes  # noqa: E402

ACCOUNT = "000000000000"
NODE = os.environ["USHER_NODE"]
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]}],
    }
)
TAGS = [{"Key": "team", "Value": "blue"}]
PART = b"x" * (5 << 20)

called = set()
faults = []


def client(service, **keys):
    made = boto3.client(service, config=Config(retries={"max_attempts": 1}, connect_timeout=30, read_timeout=60), **keys)

    def judge(response_dict=None, **_):
        if response_dict["status_code"] < 300:
            operation = response_dict["context"]["operation_name"]
            called.add((service, operation))
            faults.extend(botocore_shapes.faults(made.meta.service_model.operation_model(operation), response_dict["body"]))

    made.meta.events.register("response-received", judge)
    return made


iam, sts, ssm, kms, logs, s3, cloudtrail, ec2 = (
    client(name) for name in ("iam", "sts", "ssm", "kms", "logs", "s3", "cloudtrail", "ec2")
)

def users():
    iam.create_user(UserName="zoe", Path="/people/", Tags=TAGS)
    iam.get_user(UserName="zoe")
    iam.get_user()
    iam.list_users(MaxItems=1)
    iam.list_users(PathPrefix="/people/")
    iam.update_user(UserName="zoe", NewPath="/all/")
    key = iam.create_access_key(UserName="zoe")["AccessKey"]
    client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]).get_caller_identity()
    iam.list_access_keys(UserName="zoe")
    iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])
    iam.tag_user(UserName="zoe", Tags=[{"Key": "SSMSessionRunAs", "Value": "zoe"}])
    iam.list_user_tags(UserName="zoe")
    iam.untag_user(UserName="zoe", TagKeys=["SSMSessionRunAs"])
    iam.put_user_policy(UserName="zoe", PolicyName="inline", PolicyDocument=ALLOW)
    iam.get_user_policy(UserName="zoe", PolicyName="inline")
    iam.list_user_policies(UserName="zoe")
    iam.update_access_key(UserName="zoe", AccessKeyId=key["AccessKeyId"], Status="Inactive")


def groups():
    iam.create_group(GroupName="blue", Path="/teams/")
    iam.add_user_to_group(GroupName="blue", UserName="zoe")
    iam.get_group(GroupName="blue")
    iam.list_groups()
    iam.list_groups_for_user(UserName="zoe")
    iam.put_group_policy(GroupName="blue", PolicyName="inline", PolicyDocument=ALLOW)
    iam.get_group_policy(GroupName="blue", PolicyName="inline")
    iam.list_group_policies(GroupName="blue")


def roles():
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=TRUST, Description="for machines", MaxSessionDuration=7200, Tags=TAGS)
    iam.get_role(RoleName="deploy")
    iam.list_roles()
    iam.update_role(RoleName="deploy", Description="for people")
    iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=TRUST)
    iam.tag_role(RoleName="deploy", Tags=[{"Key": "SSMSessionRunAs", "Value": "deploy"}])
    iam.list_role_tags(RoleName="deploy")
    iam.untag_role(RoleName="deploy", TagKeys=["SSMSessionRunAs"])
    iam.put_role_policy(RoleName="deploy", PolicyName="inline", PolicyDocument=ALLOW)
    iam.get_role_policy(RoleName="deploy", PolicyName="inline")
    iam.list_role_policies(RoleName="deploy")
    role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="zoe", Tags=TAGS, SourceIdentity="zoe", Policy=ALLOW)["Credentials"]
    by_role = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    client("sts", **by_role).get_caller_identity()
    sts.get_session_token(DurationSeconds=900)


def policies():
    arn = iam.create_policy(PolicyName="sessions", Path="/of/", PolicyDocument=ALLOW, Description="all", Tags=TAGS)["Policy"]["Arn"]
    iam.get_policy(PolicyArn=arn)
    iam.list_policies(Scope="All", MaxItems=2)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW)
    iam.get_policy_version(PolicyArn=arn, VersionId="v2")
    iam.list_policy_versions(PolicyArn=arn)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "of", "Value": "mine"}])
    iam.list_policy_tags(PolicyArn=arn)
    iam.untag_policy(PolicyArn=arn, TagKeys=["of"])
    for kind, name in (("user", "zoe"), ("group", "blue"), ("role", "deploy")):
        holder = {f"{kind.capitalize()}Name": name}
        getattr(iam, f"attach_{kind}_policy")(PolicyArn=arn, **holder)
        getattr(iam, f"list_attached_{kind}_policies")(**holder)
    for kind, name in (("user", "zoe"), ("role", "deploy")):
        holder = {f"{kind.capitalize()}Name": name}
        getattr(iam, f"put_{kind}_permissions_boundary")(PermissionsBoundary=arn, **holder)
        getattr(iam, f"get_{kind}")(**holder)
    iam.list_entities_for_policy(PolicyArn=arn)
    start = {"ActionNames": ["ssm:StartSession", "iam:CreateUser"], "ResourceArns": ["*"]}
    context = [{"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["192.0.2.1"], "ContextKeyType": "ip"}]
    iam.simulate_custom_policy(PolicyInputList=[ALLOW], ContextEntries=context, **start)
    iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/all/zoe", **start)
    for kind, name in (("user", "zoe"), ("role", "deploy")):
        getattr(iam, f"delete_{kind}_permissions_boundary")(**{f"{kind.capitalize()}Name": name})
    for kind, name in (("user", "zoe"), ("group", "blue"), ("role", "deploy")):
        getattr(iam, f"detach_{kind}_policy")(PolicyArn=arn, **{f"{kind.capitalize()}Name": name})
        getattr(iam, f"delete_{kind}_policy")(PolicyName="inline", **{f"{kind.capitalize()}Name": name})
    iam.delete_policy(PolicyArn=arn)
    iam.remove_user_from_group(GroupName="blue", UserName="zoe")
    iam.delete_group(GroupName="blue")
    iam.delete_access_key(UserName="zoe", AccessKeyId=iam.list_access_keys(UserName="zoe")["AccessKeyMetadata"][0]["AccessKeyId"])
    iam.delete_user(UserName="zoe")
    iam.delete_role(RoleName="deploy")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider(http.server.BaseHTTPRequestHandler):
    """An identity provider's two documents."""

    def do_GET(self):
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        numbers = {"n": self.server.key.n, "e": self.server.key.e}
        key = {name: base64url(n.to_bytes((n.bit_length() + 7) // 8, "big")) for name, n in numbers.items()}
        answers = {
            "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{issuer}/jwks"},
            "/jwks": {"keys": [{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", **key}]},
        }
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def web_identity():
    public, private = rsa.newkeys(2048)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.key = public
    threading.Thread(target=server.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    arn = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["usher"], Tags=TAGS)["OpenIDConnectProviderArn"]
    iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.list_open_id_connect_providers()
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="another")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="another")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["0" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "of", "Value": "mine"}])
    iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["of"])

    allow = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]}
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    now = int(time.time())
    claims = {"iss": issuer, "aud": "usher", "sub": "zoe", "iat": now, "exp": now + 600}
    parts = [base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "one"}, claims)]
    signature = base64url(rsa.sign(".".join(parts).encode(), private, "SHA-256"))
    token = ".".join([*parts, signature])
    role = f"arn:aws:iam::{ACCOUNT}:role/web"
    sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="zoe", WebIdentityToken=token)
    iam.delete_role(RoleName="web")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def keys():
    key = kms.create_key(Description="sessions", Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.describe_key(KeyId=key)
    kms.list_keys(Limit=1)
    kms.update_key_description(KeyId=key, Description="data of sessions")
    kms.create_alias(AliasName="alias/every", TargetKeyId=key)
    kms.update_alias(AliasName="alias/every", TargetKeyId=other)
    kms.list_aliases()
    kms.delete_alias(AliasName="alias/every")
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    kms.list_key_policies(KeyId=key)
    context = {"aws:ssm:SessionId": "zoe-1"}
    grantee = f"arn:aws:iam::{ACCOUNT}:user/admin"
    for end in (kms.revoke_grant, kms.retire_grant):
        grant = kms.create_grant(
            KeyId=key, GranteePrincipal=grantee, RetiringPrincipal=grantee, Operations=["Decrypt"], Name="g",
            Constraints={"EncryptionContextSubset": context},
        )["GrantId"]  # fmt: skip
        kms.list_grants(KeyId=key)
        end(KeyId=kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"], GrantId=grant)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext=context, DestinationKeyId=other)["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=again, KeyId=other)
    kms.generate_data_key(KeyId=key, NumberOfBytes=64, EncryptionContext=context)
    kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    kms.get_key_rotation_status(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    kms.get_key_rotation_status(KeyId=key)
    kms.list_key_rotations(KeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "of", "TagValue": "mine"}])
    kms.list_resource_tags(KeyId=key)
    kms.untag_resource(KeyId=key, TagKeys=["of"])
    kms.disable_key(KeyId=key)
    kms.describe_key(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.describe_key(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)


def log_groups():
    key = kms.create_key()["KeyMetadata"]["Arn"]
    name, stream = "/every/operation", "one"
    arn = f"arn:aws:logs:{logs.meta.region_name}:{ACCOUNT}:log-group:{name}"
    group, place = {"logGroupName": name}, {"logGroupName": name, "logStreamName": stream}
    logs.create_log_group(**group, tags={"team": "blue"})
    logs.put_retention_policy(**group, retentionInDays=7)
    logs.associate_kms_key(**group, kmsKeyId=key)
    logs.describe_log_groups(logGroupNamePrefix="/every")
    logs.describe_log_groups()
    logs.disassociate_kms_key(**group)
    logs.delete_retention_policy(**group)
    logs.create_log_stream(**place)
    now = int(time.time() * 1000)
    logs.put_log_events(**place, logEvents=[{"timestamp": now, "message": "first"}, {"timestamp": now, "message": "second"}])
    logs.put_log_events(**place, logEvents=[{"timestamp": 1, "message": "too old"}])
    logs.get_log_events(**place, startFromHead=True, limit=1)
    logs.filter_log_events(**group, filterPattern="first", interleaved=True)
    logs.describe_log_streams(**group, orderBy="LastEventTime")
    logs.tag_resource(resourceArn=arn, tags={"of": "mine"})
    logs.list_tags_for_resource(resourceArn=arn)
    logs.untag_resource(resourceArn=arn, tagKeys=["of"])
    logs.tag_log_group(**group, tags={"of": "mine"})
    logs.list_tags_log_group(**group)
    logs.untag_log_group(**group, tags=["of"])
    logs.delete_log_stream(**place)
    logs.delete_log_group(**group)


def documents():
    def content(command):
        return json.dumps(
            {
                "schemaVersion": "1.0",
                "description": "Counts.",
                "sessionType": "InteractiveCommands",
                "parameters": {"n": {"type": "String", "description": "Up to.", "default": "3", "allowedPattern": "[0-9]+"}},
                "properties": {"linux": {"commands": command, "runAsElevated": False}},
            }
        )

    ssm.create_document(Name="Every-Count", Content=content("seq {{n}}"), DocumentType="Session", VersionName="one", Tags=TAGS)
    ssm.describe_document(Name="Every-Count")
    ssm.get_document(Name="Every-Count", DocumentFormat="YAML")
    ssm.update_document(Name="Every-Count", Content=content("seq 1 {{n}}"), DocumentVersion="$LATEST", VersionName="two")
    ssm.update_document_default_version(Name="Every-Count", DocumentVersion="2")
    ssm.get_document(Name="Every-Count", VersionName="two")
    ssm.list_document_versions(Name="Every-Count")
    ssm.list_documents(Filters=[{"Key": "DocumentType", "Values": ["Session"]}], MaxResults=5)
    tagged = {"ResourceType": "Document", "ResourceId": "Every-Count"}
    ssm.add_tags_to_resource(**tagged, Tags=[{"Key": "of", "Value": "mine"}])
    ssm.list_tags_for_resource(**tagged)
    ssm.remove_tags_from_resource(**tagged, TagKeys=["of"])
    ssm.delete_document(Name="Every-Count")


def parameters():
    ssm.put_parameter(Name="/every/plain", Value="1", Type="String", Description="one", Tags=TAGS, AllowedPattern="[0-9]")
    ssm.put_parameter(Name="/every/plain", Value="2", Type="String", Overwrite=True)
    ssm.put_parameter(Name="/every/list", Value="1,2", Type="StringList")
    ssm.put_parameter(Name="/every/sealed", Value="hidden", Type="SecureString")
    ssm.get_parameter(Name="/every/plain:1")
    ssm.get_parameter(Name="/every/sealed", WithDecryption=True)
    ssm.get_parameters(Names=["/every/plain", "/every/sealed", "/every/none"])
    ssm.get_parameters_by_path(Path="/every", MaxResults=2)
    ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/every"]}])
    ssm.delete_parameter(Name="/every/plain")
    ssm.delete_parameters(Names=["/every/list", "/every/sealed", "/every/none"])


def nodes():
    expires = time.time() + 3600
    made = ssm.create_activation(
        IamRole="UsherManagedNode", Description="racks", DefaultInstanceName="rack", RegistrationLimit=2,
        ExpirationDate=expires, Tags=TAGS,
    )["ActivationId"]  # fmt: skip
    ssm.describe_activations(Filters=[{"FilterKey": "ActivationIds", "FilterValues": [made]}])
    ssm.delete_activation(ActivationId=made)
    tagged = {"ResourceType": "ManagedInstance", "ResourceId": NODE}
    ssm.add_tags_to_resource(**tagged, Tags=[{"Key": "every", "Value": "operation"}])
    ssm.describe_instance_information(Filters=[{"Key": "tag:every", "Values": ["operation"]}])
    ssm.describe_instance_information(MaxResults=5)
    ssm.get_inventory(Filters=[{"Key": "AWS:InstanceInformation.InstanceId", "Values": [NODE]}])
    ec2.describe_instances(InstanceIds=[NODE])
    ec2.describe_instances(Filters=[{"Name": "tag:every", "Values": ["oper*"]}])
    ssm.list_tags_for_resource(**tagged)
    ssm.remove_tags_from_resource(**tagged, TagKeys=["every"])
    ssm.get_connection_status(Target=NODE)
    ssm.get_connection_status(Target="mi-00000000000000000")


def farewell():
    ssm.update_managed_instance_role(InstanceId=NODE, IamRole="UsherManagedNode")
    ssm.deregister_managed_instance(InstanceId=NODE)


def sessions():
    session = ssm.start_session(Target=NODE, Reason="every operation")["SessionId"]
    found = {"Filters": [{"key": "SessionId", "value": session}]}
    ssm.describe_sessions(State="Active", **found)
    ssm.resume_session(SessionId=session)
    ssm.terminate_session(SessionId=session)
    ssm.describe_sessions(State="History", **found)
    ssm.describe_sessions(State="History", MaxResults=1)


def buckets():
    region = {"LocationConstraint": s3.meta.region_name}
    bucket = {"Bucket": "every-operation"}
    s3.create_bucket(**bucket, CreateBucketConfiguration=region)
    s3.list_buckets()
    s3.head_bucket(**bucket)
    s3.get_bucket_location(**bucket)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.get_bucket_encryption(**bucket)
    s3.delete_bucket_encryption(**bucket)
    for name in ("a/1", "a/2", "b/1", "c"):
        s3.put_object(**bucket, Key=name, Body=b"text", ContentType="text/plain")
    s3.copy_object(**bucket, Key="copy", CopySource={**bucket, "Key": "c"})
    s3.get_object(**bucket, Key="c", Range="bytes=1-2")["Body"].read()
    s3.head_object(**bucket, Key="c")
    for list_them in (s3.list_objects, s3.list_objects_v2):
        list_them(**bucket)
        list_them(**bucket, Delimiter="/", MaxKeys=1)
    for end in ("complete", "abort"):
        upload = {**bucket, "Key": end}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        part = s3.upload_part(**upload, PartNumber=1, Body=PART)
        s3.list_parts(**upload)
        s3.list_multipart_uploads(**bucket)
        if end == "abort":
            s3.abort_multipart_upload(**upload)
        else:
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.delete_object(**bucket, Key="complete")
    there = [{"Key": found["Key"]} for found in s3.list_objects_v2(**bucket)["Contents"]]
    s3.delete_objects(**bucket, Delete={"Objects": there})
    s3.delete_bucket(**bucket)


def trail():
    found = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    cloudtrail.lookup_events(LookupAttributes=found, MaxResults=2)
    cloudtrail.get_trail_status(Name="usher")


of_iam = (users, groups, roles, policies, web_identity)
for scenario in (*of_iam, keys, log_groups, documents, parameters, nodes, sessions, buckets, trail, farewell):
    scenario()

for line in open(sys.argv[1]):
    row = re.match(r"\| (sts|iam|kms|logs|ssm|cloudtrail|ec2) \| (\w+) \|", line)
    if row is None:
        continue
    service, operation = row.groups()
    known = boto3.client(service).meta.service_model.operation_names
    if operation in known and (service, operation) not in called:
        faults.append(f"{service} {operation} was not called with success")
print("\n".join(dict.fromkeys(faults)))
