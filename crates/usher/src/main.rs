//! `usher`, and AWS's `session-manager-plugin` when started under that name.

use std::process::ExitCode;

fn main() -> ExitCode {
    usher::main()
}
