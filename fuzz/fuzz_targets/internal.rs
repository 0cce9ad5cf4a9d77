//! What the agent's processes say to each other, read by the very link that reads it in them: a hostile worker's bytes
//! are messages or an end of the link, whatever they claim to be.
#![no_main]

#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "../../crates/agent/src/ipc/mod.rs"]
mod ipc;

use ipc::{
    FromDialer, FromLogin, FromShell, Link, ToControl, ToDialer, ToLogin, ToMonitor, ToShell,
};
use libfuzzer_sys::fuzz_target;
use usher_wire::grant::{GrantKey, SignedGrant};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(grant) = SignedGrant::from_bytes(bytes) {
        let key = GrantKey::from_seed(&[42; 32]).expect("a seed of 32 bytes");
        assert!(grant.verify(&key.public_key(), 0).is_err());
    }
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind % 8 {
        0 => read::<ToMonitor>(bytes),
        1 => read::<ToControl>(bytes),
        2 => read::<ToLogin>(bytes),
        3 => read::<FromLogin>(bytes),
        4 => read::<ToShell>(bytes),
        5 => read::<FromShell>(bytes),
        6 => read::<ToDialer>(bytes),
        _ => read::<FromDialer>(bytes),
    }
});

/// The first byte says how many descriptors come along.
fn read<M: ipc::Message>(bytes: &[u8]) {
    let Some((descriptors, bytes)) = bytes.split_first() else {
        return;
    };
    let (ours, theirs) = usher_sys::socket_pair().expect("a socket pair");
    let mut link = Link::new(theirs);
    let spare = std::fs::File::open("/dev/null").expect("a null device");
    let attached = [std::os::fd::AsFd::as_fd(&spare); 4];
    let attached = &attached[..usize::from(descriptors % 5)];
    if bytes.is_empty() || usher_sys::send(&ours, bytes, attached).is_err() {
        return;
    }
    drop(ours);
    while link.receive::<M>().is_ok() {}
}
