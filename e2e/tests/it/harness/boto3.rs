//! Calls made by boto3, with every answer held against botocore's shapes (see `boto3_worker.py`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::process::Process;
use super::programs;

/// An access key of one principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// An error as boto3 understood it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u64,
}

/// One call, before it is made.
pub(crate) struct Call<'a> {
    boto3: &'a Boto3,
    request: Value,
}

impl Call<'_> {
    /// Signs with a clock that is wrong by so many seconds.
    pub(crate) fn skewed_by(mut self, seconds: i64) -> Self {
        self.request["skew"] = json!(seconds);
        self
    }

    /// Changes the word `signed` in the body to `forged` after signing.
    pub(crate) fn tampered(mut self) -> Self {
        self.request["tamper"] = json!(true);
        self
    }

    /// Makes the call.
    pub(crate) fn send(self) -> Result<Value, AwsError> {
        let mut answer = self.boto3.ask(&self.request);
        if let Some(problem) = answer.get("broken") {
            panic!(
                "{} was answered in another shape than AWS's: {problem}",
                self.request
            );
        }
        if let Some(error) = answer.get("error") {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            return Err(AwsError {
                code: text("Code"),
                message: text("Message"),
                status: error["Status"].as_u64().unwrap(),
            });
        }
        Ok(answer["ok"].take())
    }

    /// Makes the call, which must succeed.
    pub(crate) fn must(self) -> Value {
        let what = self.request["operation"].to_string();
        self.send()
            .unwrap_or_else(|error| panic!("{what} failed: {error:?}"))
    }

    /// Makes the call, which must be refused with this code.
    pub(crate) fn refused_with(self, code: &str) -> AwsError {
        let what = self.request["operation"].to_string();
        match self.send() {
            Ok(answer) => panic!("{what} was not refused with {code}: {answer}"),
            Err(error) => {
                assert_eq!(error.code, code, "{what}: {}", error.message);
                error
            }
        }
    }
}

/// One Python process that makes calls, one at a time.
pub(crate) struct Boto3 {
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Process,
}

impl Boto3 {
    /// Starts Python with this environment, which names the endpoint and the region.
    pub(crate) fn start(environment: &BTreeMap<String, String>) -> Self {
        let mut child = Command::new(programs::aws().unwrap().join("python"))
            // No compiled modules beside the sources.
            .arg("-B")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/it/harness/boto3_worker.py"
            ))
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipes = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        Self {
            pipes: Mutex::new(pipes),
            _process: Process::new(child),
        }
    }

    /// Prepares a call, such as `("ssm", "start_session", {"Target": …})`.
    pub(crate) fn call(
        &self,
        keys: &Keys,
        service: &str,
        operation: &str,
        arguments: &Value,
    ) -> Call<'_> {
        let request = json!({
            "service": service, "operation": operation, "arguments": arguments,
            "key": keys.id, "secret": keys.secret,
        });
        Call {
            boto3: self,
            request,
        }
    }

    fn ask(&self, request: &Value) -> Value {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{request}").unwrap();
        let mut answer = String::new();
        pipes.1.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer)
            .unwrap_or_else(|_| panic!("{request} was not answered: {answer:?}"))
    }
}
