//! How long a decision takes for a caller who has ten thousand statements, a tenth of them about the action that is
//! asked: median and 99th percentile, and a failure where the latter is above a millisecond. Wants an idle machine.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use usher_policy::{Context, NamedPolicy, PolicyDocument, PrincipalPolicies, Request, evaluate};

const STATEMENTS: usize = 10_000;
const ROUNDS: usize = 2_000;
const LIMIT: Duration = Duration::from_millis(1);

/// Every form that a statement takes in practice: names, wildcards, variables and conditions; the last one allows.
fn statement(index: usize) -> String {
    let rest = match index % 4 {
        0 => format!(
            r#""Resource":"arn:aws:ssm:usher-1:000000000000:managed-instance/mi-{index:017x}""#
        ),
        1 => format!(r#""Resource":"arn:aws:ssm:*:*:managed-instance/mi-*{index:05}""#),
        2 => r#""Resource":"arn:aws:ssm:*:*:session/${aws:username}-*""#.to_owned(),
        _ => format!(
            r#""Resource":"*","Condition":{{"StringEquals":{{"ssm:resourceTag/Team":"team-{index}"}}}}"#
        ),
    };
    let effect = if index.is_multiple_of(5) {
        "Deny"
    } else {
        "Allow"
    };
    let services = [
        "ssm",
        "iam",
        "sts",
        "kms",
        "logs",
        "s3",
        "ec2",
        "ssmmessages",
        "sns",
        "sqs",
    ];
    let service = services
        .get(index / 4 % services.len())
        .copied()
        .unwrap_or("ssm");
    format!(
        r#"{{"Effect":"{effect}","Action":["{service}:Describe*","{service}:StartSession"],{rest}}}"#
    )
}

fn main() -> ExitCode {
    let mut statements: Vec<String> = (1..STATEMENTS).map(statement).collect();
    statements.push(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#.to_owned());
    // As many policies as statements of a usual size make.
    let policies = statements.chunks(20).enumerate().map(|(index, chunk)| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
            chunk.join(",")
        );
        PolicyDocument::parse(&text).map(|document| NamedPolicy::new(index.to_string(), document))
    });
    let identity = match policies.collect::<Result<Vec<_>, _>>() {
        Ok(identity) => identity,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let policies = PrincipalPolicies::granting(identity);
    let context = Context::default()
        .with("aws:username", "alice")
        .with("ssm:resourceTag/Team", "none of them");
    let request = Request {
        action: "ssm:StartSession",
        resource: "arn:aws:ssm:usher-1:000000000000:managed-instance/mi-0123456789abcdef0",
        context: &context,
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(&policies, &request)).collect();
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(ROUNDS * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{STATEMENTS} statements, {ROUNDS} decisions: median {:?}, p99 {:?}, limit {LIMIT:?}",
        at(50),
        at(99)
    );
    if at(99) > LIMIT {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[expect(clippy::disallowed_methods, reason = "a bench is about time")]
fn timed(policies: &PrincipalPolicies, request: &Request<'_>) -> Duration {
    let begin = Instant::now();
    let decision = evaluate(policies, request);
    let taken = begin.elapsed();
    drop(std::hint::black_box(decision));
    taken
}
