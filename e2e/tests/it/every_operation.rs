//! Every operation that botocore knows, called by boto3 (`every_operation.py`), each response held against botocore's models.
//!
//! An operation that the server serves and the script does not call fails the test, and so does a fault that the check
//! must find and does not.

use crate::harness::dev::Dev;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/");

/// Bodies with one fault each; the check must name it.
const FAULTY: &str = r#"
import botocore.session, botocore_shapes
session = botocore.session.get_session()
def faults(service, operation, body):
    return list(botocore_shapes.faults(session.get_service_model(service).operation_model(operation), body))
def user(more):
    whole = '<Path>/</Path><UserName>a</UserName><UserId>A</UserId><Arn>arn:aws:iam::000000000000:user/a</Arn>'
    return (f'<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>{whole}{more}</User>'
            '</GetUserResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetUserResponse>').encode()
date = '<CreateDate>2026-01-02T03:04:05Z</CreateDate>'
assert faults('iam', 'GetUser', user(date)) == []
for body, fault in [
    (user(''), 'GetUser.User.CreateDate is missing'),
    (user('<CreateDate>yesterday</CreateDate>'), "GetUser.User.CreateDate is 'yesterday', no timestamp"),
    (user(date + date), 'GetUser.User.CreateDate is there twice'),
    (user(date + '<Name>a</Name>'), 'GetUser.User.Name is not in the model'),
    (user(date + '<Tags><Tag/></Tags>'), 'GetUser.User.Tags[0] is called Tag, not member'),
    (user(date).replace(b'/doc/', b'/docs/'), 'namespace'),
    (user(date).replace(b'RequestId', b'Id'), 'GetUser has no RequestId'),
]:
    assert any(fault in found for found in faults('iam', 'GetUser', body)), (body, fault)
for body, fault in [
    ('{"Sessions": [{"Id": 1}]}', 'DescribeSessions.Sessions[0].Id is not in the model'),
    ('{"Sessions": [{"Status": "Dead"}]}', 'not one of'),
    ('{"Sessions": [{"StartDate": "2026-01-02T03:04:05Z"}]}', 'no timestamp'),
    ('{"Sessions": {}}', 'no list'),
    ('{"NextToken": null}', 'no string'),
]:
    assert any(fault in found for found in faults('ssm', 'DescribeSessions', body)), (body, fault)
assert faults('kms', 'ListKeys', '{"Truncated": "true"}'), 'a text for a truth'
def instances(more):
    return (f'<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>'
            f'<reservationSet><item><instancesSet>{more}</instancesSet></item></reservationSet></DescribeInstancesResponse>').encode()
assert faults('ec2', 'DescribeInstances', instances('<item><instanceId>mi-1</instanceId></item>')) == []
for body, fault in [
    (instances('<member/>'), 'called member, not item'),
    (instances('<item><InstanceId>mi-1</InstanceId></item>'), 'InstanceId is not in the model'),
    (instances('<item><instanceState><code>x</code></instanceState></item>'), 'no integer'),
    (instances('').replace(b'requestId', b'RequestId'), 'no requestId'),
    (instances('').replace(b'2016-11-15/', b'2016-11-15'), 'answers'),
]:
    assert any(fault in found for found in faults('ec2', 'DescribeInstances', body)), (body, fault)
assert faults('s3', 'ListObjectsV2', '<ListBucketResult><Contents><key>a</key></Contents></ListBucketResult>'), 'another name'
"#;

#[test]
fn a_response_of_another_shape_is_found() {
    if lacks(&[Need::Aws]) {
        return;
    }
    let mut python = std::process::Command::new(programs::aws().unwrap().join("python"));
    output_of(
        python
            .args(["-B", "-c", FAULTY])
            .env("PYTHONPATH", format!("{HERE}harness")),
    );
}

#[test]
fn every_operation_is_answered_in_the_shape_that_botocore_has_for_it() {
    if lacks(&[Need::Root, Need::Aws]) {
        return;
    }
    // A server of its own: the script takes its node away.
    let dev = Dev::start();
    let python = programs::aws().unwrap().join("python");
    let mut script = dev.command(&dev.admin(), &python.display().to_string());
    script
        .arg("-B")
        .arg(format!("{HERE}every_operation.py"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/operations.md"
        ));
    let faults = output_of(&mut script);
    assert_eq!(faults.trim(), "", "responses differ from botocore's models");
}
