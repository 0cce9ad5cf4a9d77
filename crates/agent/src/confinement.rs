//! What `control` and `session` give up before they read what a stranger wrote.
//!
//! They need names to be resolved, certificates to be believed and connections to one service; a process that was taken
//! over gets no more than that. What the kernel cannot enforce is said in the log and is no reason to serve nobody.

use std::path::PathBuf;

use usher_aws::Endpoint;
use usher_sys::Confined;

/// Below these lie the system's certificates, its libraries, and how it resolves names. Each may be missing. They are
/// directories where the files in them get replaced: a rule holds for what stands in its place when it is made.
const READABLE: [&str; 13] = [
    "/etc",
    "/usr",
    "/lib",
    "/lib64",
    "/nix/store",
    "/var/lib/ca-certificates",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/nscd",
    "/dev/null",
    "/dev/urandom",
    "/sys/devices/system/cpu",
];

/// Variables that name further certificates.
const NAMING: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"];

/// A name server that has to say much says it over TCP.
const NAMES_PORT: u16 = 53;

/// Gives up files, programs, other processes and listening. Before the first thread.
pub(crate) fn before_input() {
    let named = NAMING
        .iter()
        .filter_map(std::env::var_os)
        .map(PathBuf::from);
    let readable: Vec<PathBuf> = READABLE.iter().map(PathBuf::from).chain(named).collect();
    report(
        "landlock on files and signals",
        usher_sys::confine_files(&readable),
    );
    report("seccomp", usher_sys::confine_system_calls());
}

/// Gives up every connection but those that lead to `endpoint`. Before the first connection.
pub(crate) fn toward(endpoint: &Endpoint) {
    let mut ports = usher_aws::ports_toward(endpoint);
    ports.push(NAMES_PORT);
    report(
        "landlock on connections",
        usher_sys::confine_connections(&ports),
    );
}

fn report(means: &str, confined: Confined) {
    match confined {
        Confined::Fully => {}
        Confined::Partly => {
            tracing::warn!("this kernel enforces {means} in part only");
        }
        Confined::NotAtAll => tracing::warn!(
            "this system has no {means}: a worker that is taken over is held by its user id alone"
        ),
    }
}
