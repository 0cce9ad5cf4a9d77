//! What the forwarded connections lead to, on this machine, which is also the node.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::ports::listener;

/// Two listeners, for as long as the test program runs.
pub(super) struct FarEnd {
    /// Hears all that a connection says, and answers with it from the back to the front.
    pub(super) turning: String,
    /// Returns length after length of what one connection says, as the program on the node does.
    pub(super) returning: String,
}

impl FarEnd {
    pub(super) fn start() -> Self {
        let serve = |answer: fn(TcpStream) -> std::io::Result<()>| {
            let (listener, port) = listener();
            thread::spawn(move || accept(&listener, answer));
            port
        };
        Self {
            turning: serve(turn),
            returning: serve(give_back),
        }
    }
}

fn accept(listener: &TcpListener, answer: fn(TcpStream) -> std::io::Result<()>) {
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        // A connection that broke is missed at its other end.
        thread::spawn(move || answer(stream));
    }
}

fn turn(mut stream: TcpStream) -> std::io::Result<()> {
    let mut said = Vec::new();
    stream.read_to_end(&mut said)?;
    said.reverse();
    stream.write_all(&said)
}

fn give_back(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"ready")?;
    let mut length = [0; 8];
    loop {
        stream.read_exact(&mut length)?;
        let length = std::str::from_utf8(&length).map_or(0, |text| text.parse().unwrap_or(0));
        if length == 0 {
            return Ok(());
        }
        std::io::copy(&mut (&stream).take(length), &mut (&stream))?;
    }
}
