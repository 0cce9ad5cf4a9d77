//! The embedded S3 by AWS's own clients: the `aws` CLI's commands, boto3, and addresses that were signed for others.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::dev::Dev;
use crate::harness::process::output_of;
use crate::harness::skip::lacks;

/// `aws s3 …` as the administrator.
fn aws(dev: &Dev, arguments: &[&str]) -> String {
    output_of(dev.command(&dev.admin(), "aws").arg("s3").args(arguments))
}

/// A script on boto3, as the administrator.
fn python(dev: &Dev, script: &str, arguments: &[&str]) -> String {
    let python = crate::harness::programs::aws().unwrap().join("python");
    let mut command = dev.command(&dev.admin(), &python.display().to_string());
    output_of(command.args(["-c", script]).args(arguments))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Keys that mean something to paths, to URLs, to XML or to listings, and the longest.
const KEYS: &str = r"
import boto3, botocore, urllib.parse
s3 = boto3.client('s3')
s3.create_bucket(Bucket='keys', CreateBucketConfiguration={'LocationConstraint': s3.meta.region_name})
keys = ['../../escaped', '..', 'a/../b', '/a', 'a//b', 'a b+c', '%2e%2e%2f', 'a\x00b', '\x1b[31m', '<&>', 'ü/全角/😀',
        'k' * 1024, '?x=1#y', '\\', '*', 'a\nb']
for n, key in enumerate(keys):
    s3.put_object(Bucket='keys', Key=key, Body=str(n))
listed = [o['Key'] for page in s3.get_paginator('list_objects_v2').paginate(Bucket='keys', PaginationConfig={'PageSize': 3})
          for o in page.get('Contents', [])]
assert listed == sorted(keys, key=lambda key: key.encode()), listed
for n, key in enumerate(keys):
    assert s3.get_object(Bucket='keys', Key=key)['Body'].read() == str(n).encode(), key
    s3.copy_object(Bucket='keys', Key='copy', CopySource={'Bucket': 'keys', 'Key': key})
    assert s3.get_object(Bucket='keys', Key='copy')['Body'].read() == str(n).encode(), key
try:
    s3.put_object(Bucket='keys', Key='k' * 1025, Body='x')
    raise SystemExit('a key of 1,025 bytes was stored')
except botocore.exceptions.ClientError as error:
    assert error.response['Error']['Code'] == 'KeyTooLongError', error
gone = s3.delete_objects(Bucket='keys', Delete={'Objects': [{'Key': k} for k in keys if '\x00' not in k and '\x1b' not in k]})
assert 'Errors' not in gone, gone
";

#[test]
fn every_key_comes_back_as_it_was_given() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    python(dev, KEYS, &[]);
}

/// What boto3 and the CLI send with a body by default, and the rest that they can be told to send.
const CHECKSUMS: &str = r"
import boto3, botocore, io
from botocore.config import Config
s3 = boto3.client('s3')
s3.create_bucket(Bucket='sums', CreateBucketConfiguration={'LocationConstraint': s3.meta.region_name})
for algorithm in ['CRC32', 'SHA1', 'SHA256']:
    for body in [b'', b'x' * 200_000, io.BytesIO(b'y' * 70_000)]:
        s3.put_object(Bucket='sums', Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
def code(**arguments):
    try:
        s3.put_object(Bucket='sums', Key='refused', **arguments)
    except botocore.exceptions.ClientError as error:
        return error.response['Error']['Code']
assert code(Body=b'x', ChecksumCRC32='AAAAAA==') == 'BadDigest'
assert code(Body=b'x', ContentMD5='AAAAAAAAAAAAAAAAAAAAAA==') == 'BadDigest'
assert code(Body=b'x', ServerSideEncryption='aws:kms') == 'NotImplemented'
assert code(Body=b'x', IfNoneMatch='*') is None
assert code(Body=b'x', IfNoneMatch='*') == 'PreconditionFailed'
rule = s3.get_bucket_encryption(Bucket='sums')['ServerSideEncryptionConfiguration']['Rules'][0]
assert rule['ApplyServerSideEncryptionByDefault']['SSEAlgorithm'] == 'AES256', rule
assert s3.get_bucket_location(Bucket='sums')['LocationConstraint'] == s3.meta.region_name
assert s3.head_bucket(Bucket='sums')['ResponseMetadata']['HTTPHeaders']['x-amz-bucket-region'] == s3.meta.region_name
assert 'sums' in [bucket['Name'] for bucket in s3.list_buckets()['Buckets']]
";

#[test]
fn bodies_are_held_against_what_their_clients_say_of_them() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    python(dev, CHECKSUMS, &[]);
}

#[test]
fn the_commands_of_the_cli_copy_list_move_and_remove() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("below")).unwrap();
    std::fs::write(tree.join("a.txt"), "first").unwrap();
    std::fs::write(tree.join("below/b c+d.txt"), "second").unwrap();
    aws(dev, &["mb", "s3://cli"]);
    aws(dev, &["sync", &text(&tree), "s3://cli/tree"]);
    aws(dev, &["cp", "s3://cli/tree/a.txt", "s3://cli/copy.txt"]);
    aws(dev, &["mv", "s3://cli/copy.txt", "s3://cli/moved.txt"]);
    let listed = aws(dev, &["ls", "s3://cli"]);
    assert!(
        listed.contains("PRE tree/") && listed.contains("moved.txt"),
        "{listed}"
    );
    assert!(!listed.contains("copy.txt"), "{listed}");
    let back = folder.path().join("back");
    aws(dev, &["sync", "s3://cli", &text(&back)]);
    assert_eq!(
        std::fs::read_to_string(back.join("tree/below/b c+d.txt")).unwrap(),
        "second"
    );
    assert_eq!(
        std::fs::read_to_string(back.join("moved.txt")).unwrap(),
        "first"
    );
    aws(dev, &["rm", "s3://cli", "--recursive"]);
    assert_eq!(aws(dev, &["ls", "s3://cli"]), "");
    aws(dev, &["rb", "s3://cli"]);
}

/// An address for one who has no keys: what it is for, and nothing else.
const PRESIGNED: &str = r"
import boto3, urllib.error, urllib.request
from botocore.config import Config
s3 = boto3.client('s3', config=Config(signature_version='s3v4'))
s3.create_bucket(Bucket='presigned', CreateBucketConfiguration={'LocationConstraint': s3.meta.region_name})
s3.put_object(Bucket='presigned', Key='a b+c', Body=b'bytes', ContentType='text/html')
def fetch(address, **more):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(address, **more))
        return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers
def sign(operation, key):
    return s3.generate_presigned_url(operation, Params={'Bucket': 'presigned', 'Key': key}, ExpiresIn=600)
address = sign('get_object', 'a b+c')
for broken in [address.replace('a%20b', 'a%20x'), address[:-1] + ('0' if address[-1] != '0' else '1'), address.split('?')[0]]:
    assert fetch(broken)[0] == 403, broken
status, body, headers = fetch(address)
assert (status, body) == (200, b'bytes'), (status, body)
assert headers['Content-Security-Policy'] == 'sandbox' and headers['Content-Disposition'] == 'attachment', headers
put = sign('put_object', 'new')
assert fetch(put, data=b'x', method='PUT')[0] >= 400, 'an unsigned body without TLS'
assert fetch(put)[0] == 403
assert [o['Key'] for o in s3.list_objects_v2(Bucket='presigned')['Contents']] == ['a b+c']
";

#[test]
fn a_signed_address_is_good_for_what_it_was_signed_for() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    python(dev, PRESIGNED, &[]);
}

/// Parts in any order, one sent twice, one left out, and what may not be completed.
const PARTS: &str = r"
import boto3, botocore
s3 = boto3.client('s3')
s3.create_bucket(Bucket='parts', CreateBucketConfiguration={'LocationConstraint': s3.meta.region_name})
where = {'Bucket': 'parts', 'Key': 'a/b'}
def code(call, **arguments):
    try:
        call(**where, **arguments)
    except botocore.exceptions.ClientError as error:
        return error.response['Error']['Code']
five = 5 * 1024 * 1024
id = s3.create_multipart_upload(**where, ContentType='text/plain')['UploadId']
def send(number, body):
    etag = s3.upload_part(**where, UploadId=id, PartNumber=number, Body=body)['ETag']
    return {'PartNumber': number, 'ETag': etag}
last, first, left_out = send(9, b'end'), send(1, b'x' * five), send(5, b'gone')
again = send(1, b'y' * five)
assert [part['PartNumber'] for part in s3.list_parts(**where, UploadId=id)['Parts']] == [1, 5, 9]
assert [upload['UploadId'] for upload in s3.list_multipart_uploads(Bucket='parts')['Uploads']] == [id]
assert code(s3.complete_multipart_upload, UploadId=id, MultipartUpload={'Parts': [first, last]}) == 'InvalidPart'
assert code(s3.complete_multipart_upload, UploadId=id, MultipartUpload={'Parts': [last, again]}) == 'InvalidPartOrder'
assert code(s3.complete_multipart_upload, UploadId=id, MultipartUpload={'Parts': [left_out, last]}) == 'EntityTooSmall'
assert code(s3.get_object) == 'NoSuchKey'
made = s3.complete_multipart_upload(**where, UploadId=id, MultipartUpload={'Parts': [again, last]})
assert made['ETag'].strip(chr(34)).endswith('-2'), made
got = s3.get_object(**where)
assert got['Body'].read() == b'y' * five + b'end' and got['ContentType'] == 'text/plain'
over = s3.get_object(**where, Range=f'bytes={five - 2}-{five + 1}')['Body'].read()
assert over == b'yyen', over
assert code(s3.complete_multipart_upload, UploadId=id, MultipartUpload={'Parts': [again]}) == 'NoSuchUpload'
id = s3.create_multipart_upload(**where)['UploadId']
send(1, b'x')
s3.abort_multipart_upload(**where, UploadId=id)
assert code(s3.list_parts, UploadId=id) == 'NoSuchUpload'
assert s3.get_object(**where)['ContentLength'] == five + 3
";

#[test]
fn an_upload_in_parts_is_the_object_of_the_parts_that_were_named() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    python(dev, PARTS, &[]);
}

/// Kibibytes of a line of `/proc/<pid>/status`.
fn memory(dev: &Dev, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", dev.pid())).unwrap();
    let value = status.lines().find_map(|one| one.strip_prefix(line));
    let value = value.unwrap().trim().trim_end_matches(" kB");
    value.parse().unwrap()
}

/// `USHER_OBJECT_MIB` makes it longer than 64 MiB: `cargo xtask soak` says a gibibyte.
#[test]
fn memory_does_not_grow_with_an_object() {
    if lacks(&SESSION) {
        return;
    }
    let mebibytes = std::env::var("USHER_OBJECT_MIB").map_or(64, |text| text.parse().unwrap());
    // A server of its own: others' tests would count.
    let dev = &Dev::start();
    let folder = tempfile::tempdir().unwrap();
    let (up, down) = (folder.path().join("up"), folder.path().join("down"));
    let mut file = std::fs::File::create(&up).unwrap();
    for number in 0..mebibytes {
        let text: Vec<u8> = (0..1024 * 1024)
            .map(|n: u32| (n ^ (n >> 8) ^ number) as u8)
            .collect();
        file.write_all(&text).unwrap();
    }
    aws(dev, &["mb", "s3://large"]);
    std::fs::write(format!("/proc/{}/clear_refs", dev.pid()), "5").unwrap();
    let before = memory(dev, "VmRSS:");
    aws(
        dev,
        &["cp", "--only-show-errors", &text(&up), "s3://large/one"],
    );
    aws(
        dev,
        &["cp", "--only-show-errors", "s3://large/one", &text(&down)],
    );
    let grown = memory(dev, "VmHWM:").saturating_sub(before);
    println!("{mebibytes} MiB there and back: the server grew by {grown} KiB");
    let same = Command::new("cmp").arg(&up).arg(&down).status().unwrap();
    assert!(same.success(), "what came back is something else");
    assert!(grown < 48 * 1024, "the server grew by {grown} KiB");
}
