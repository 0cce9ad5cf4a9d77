//! Ansible's connection `aws_ssm`, as it comes from PyPI: a playbook against a node through this server, its bucket
//! included.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::random::Random;
use crate::harness::skip::{Need, lacks};

const PLAYBOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ansible/playbook.yml");

const MAY: [(&str, &str); 3] = [
    ("ssm:StartSession", "*"),
    ("ssm:TerminateSession", "*"),
    ("s3:*", "*"),
];

/// `ansible-playbook` on the node, in a directory of its own.
fn ansible(fixture: &ByTag, keys: &Keys, directory: &Path) -> Command {
    let dev = &fixture.dev;
    let plugin = dev.data().join("bin/session-manager-plugin");
    let variables = json!({
        "ansible_connection": "amazon.aws.aws_ssm",
        "ansible_aws_ssm_instance_id": dev.node(),
        "ansible_aws_ssm_region": dev.variable("AWS_REGION"),
        "ansible_aws_ssm_bucket_name": "ansible-files",
        "ansible_aws_ssm_bucket_endpoint_url": dev.variable("AWS_ENDPOINT_URL"),
        "ansible_aws_ssm_s3_addressing_style": "path",
        "ansible_aws_ssm_plugin": plugin,
        "os_user": fixture.os_user.name(),
        "blob": directory.join("blob"),
    });
    let program = programs::ansible().unwrap().join("ansible-playbook");
    let mut ansible = dev.command(keys, program.to_str().unwrap());
    ansible
        .args(["--inventory", "node,", PLAYBOOK, "--extra-vars"])
        .arg(variables.to_string())
        .env("HOME", directory)
        .env("ANSIBLE_NOCOLOR", "1")
        .current_dir(directory);
    ansible
}

#[test]
fn a_playbook_runs_commands_and_puts_files_and_templates_where_they_belong() {
    if lacks(&SESSION) || lacks(&[Need::Ansible, Need::Program("curl")]) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    let made = json!({"Bucket": "ansible-files"});
    dev.call(&dev.admin(), "s3", "create_bucket", &made).must();
    let directory = tempfile::TempDir::with_prefix("ushertest-").unwrap();
    let blob = Random::new(7).bytes(300_000);
    fs::write(directory.path().join("blob"), &blob).unwrap();

    let stranger = dev.principal("ansible-stranger", &[("s3:*", "*")]);
    let refused = ansible(&fixture, &stranger.keys, directory.path()).output();
    let refused = refused.unwrap();
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stdout).into_owned()
        + &String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("ssm:StartSession"), "{told}");

    let operator = dev.principal("ansible-operator", &MAY);
    dev.tag_run_as(&operator, fixture.os_user.name());
    let first = output_of(&mut ansible(&fixture, &operator.keys, directory.path()));
    assert!(first.contains("changed=2"), "{first}");
    let home = fixture.os_user.home();
    let home = Path::new(&home);
    assert!(fs::read(home.join("blob")).unwrap() == blob);
    let mode = fs::metadata(home.join("blob"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(
        fs::read_to_string(home.join("greeting")).unwrap(),
        format!(
            "{} greets Linux \"quoted\" ${{dollar}} `ticks`\n",
            fixture.os_user.name()
        )
    );
    // What is there already is seen to be.
    let second = output_of(&mut ansible(&fixture, &operator.keys, directory.path()));
    assert!(second.contains("changed=0"), "{second}");
}
