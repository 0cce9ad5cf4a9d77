//! The program `usher-agent`. All of it is in the library of the same name.

fn main() -> std::process::ExitCode {
    usher_agent::main()
}
