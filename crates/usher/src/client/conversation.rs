//! The session while it is open: one loop over everything that can happen, in which nothing waits for anything.
//!
//! Each turn settles what follows from the last event: payloads to their sink, frames to the connection. Standard
//! input is read only while the channel takes it, a bounded rest aside; output is taken only when the last of it was written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use usher_aws::{Alarm, Socket, wall_ms};
use usher_sys::RawTerminal;
use usher_wire::data_channel::{ClientHello, DataChannel, Event};
use usher_wire::frame::PayloadType;
use usher_wire::message::{Flag, SessionType};
use usher_wire::version::CLIENT_VERSION;
use uuid::Uuid;

use super::escape::{Escape, Escapes};
use super::input::Input;
use super::link::{Link, LinkEvent};
use super::opening::Opening;
use super::output::{Output, Stream};
use super::screen;
use super::signals::{Caught, Signals};
use super::stdin_end::{END_OF_FILE, StdinEnd};
use super::voice::Voice;
use crate::error::Error;

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;

/// How long a command that is to end with us has to do so.
const COMMAND_ENDS_WITHIN: Duration = Duration::from_secs(3);

/// Input beyond what the channel takes. Keys behind it are still read, so that a person can interrupt and leave.
const HELD: usize = 64 * 1024;

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// The service closed the channel.
    Closed {
        /// The shell's status, where the agent told it.
        status: Option<i32>,
        /// The service's sentence, which may be empty.
        reason: String,
    },
    /// The same, with an agent that tells no status: nothing says that anything went wrong.
    ClosedByAwsAgent,
    /// It was over when it should have been taken up again.
    TimedOut,
    /// A signal asked us to end.
    Signalled(i32),
    /// The person wants it to end.
    LeftByEscape,
}

/// An open session.
pub(super) struct Conversation<'a> {
    session: String,
    channel: DataChannel,
    link: Link,
    alarm: Alarm,
    voice: Voice<'a>,
    signals: Signals,
    output: Output,
    /// None until the session has started: what is typed before belongs to the local terminal.
    input: Option<Input>,
    /// Read and not yet taken by the channel.
    held: BytesMut,
    escapes: Escapes,
    /// Held for its drop.
    raw_mode: Option<RawTerminal>,
    stdin_end: StdinEnd,
    /// The end of standard input is still to be told to a command, behind what is held.
    tells_end: bool,
    /// A signal asked us to end, and the command with us, until then.
    leaving: Option<(i32, Instant)>,
    status: Option<i32>,
    reason: Option<String>,
}

enum Happened {
    Link(LinkEvent),
    Written(std::io::Result<()>),
    Typed(Option<Bytes>),
    Signal(Caught),
    TimeIsUp,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        opening: Arc<Opening>,
        socket: Socket,
        voice: Voice<'a>,
        signals: Signals,
    ) -> Self {
        let hello = ClientHello {
            client_version: CLIENT_VERSION.to_owned(),
            terminal: Some(screen::describe()),
        };
        Self {
            session: opening.session().to_owned(),
            channel: DataChannel::client(Instant::now(), Uuid::new_v4().into_bytes(), hello),
            link: Link::new(opening, socket),
            alarm: Alarm::default(),
            voice,
            signals,
            output: Output::new(),
            input: None,
            held: BytesMut::new(),
            escapes: Escapes::new(),
            raw_mode: None,
            stdin_end: StdinEnd::default(),
            tells_end: false,
            leaving: None,
            status: None,
            reason: None,
        }
    }

    /// Until it ends. The terminal is as it was when this returns.
    pub(super) async fn hold(mut self) -> Result<Ending, Error> {
        let ending = loop {
            if let Some(ending) = self.settle()? {
                break ending;
            }
            let happened = self.wait().await;
            if let Some(ending) = self.handle(happened)? {
                break ending;
            }
        };
        drop(self.raw_mode.take());
        self.link.close().await;
        Ok(ending)
    }

    async fn wait(&mut self) -> Happened {
        let reads = self.stdin_end.is_open() && self.input.is_some() && self.held.len() < HELD;
        let leaving = self.leaving.map(|(_, until)| until);
        let due = [self.channel.poll_timeout(), self.stdin_end.due(), leaving]
            .into_iter()
            .flatten()
            .min();
        let writes = !self.output.is_idle();
        tokio::select! {
            event = self.link.next() => Happened::Link(event),
            written = self.output.write(), if writes => Happened::Written(written),
            chunk = next_chunk(&mut self.input), if reads => Happened::Typed(chunk),
            caught = self.signals.next() => Happened::Signal(caught),
            () = self.alarm.at(due) => Happened::TimeIsUp,
        }
    }

    /// Everything that follows from what happened last, until there is nothing left to do but wait.
    fn settle(&mut self) -> Result<Option<Ending>, Error> {
        while self.output.is_idle() {
            match self.channel.poll_event() {
                Some(event) => self.deliver(event)?,
                None => break,
            }
        }
        if let Some(reason) = self.reason.take_if(|_| self.output.is_idle()) {
            return Ok(Some(self.ending(reason)));
        }
        if !self.held.is_empty() && self.channel.writable() {
            let _ = self
                .channel
                .send(PayloadType::Output, self.held.split().freeze());
        }
        if self.tells_end && self.held.is_empty() && self.channel.writable() {
            self.tells_end = !self.send_flag(Flag::EndOfInput);
        }
        let now = Instant::now();
        while self.link.has_room() {
            match self.channel.poll_transmit(now, wall_ms()) {
                Some(frame) => self.link.feed(frame),
                None => break,
            }
        }
        self.link.flush_now();
        Ok(None)
    }

    fn ending(&self, reason: String) -> Ending {
        if let Some((signal, _)) = self.leaving {
            return Ending::Signalled(signal);
        }
        let started = self.channel.session_type().is_some();
        let aws_agent = started && !self.channel.peer_is_usher();
        match self.status {
            None if reason.is_empty() && aws_agent => Ending::ClosedByAwsAgent,
            status => Ending::Closed { status, reason },
        }
    }

    fn deliver(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::HandshakeComplete { customer_message } => {
                self.voice.opened(&customer_message)?;
                self.open()?;
            }
            Event::Payload {
                payload_type,
                payload,
            } => self.deliver_payload(payload_type, payload),
            Event::Closed { output } => self.reason = Some(output),
            // The node's end comes and goes by itself; all are the agent's events.
            Event::Notice { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Opened { .. }
            | Event::Size { .. } => {}
        }
        Ok(())
    }

    fn deliver_payload(&mut self, payload_type: PayloadType, payload: Bytes) {
        self.stdin_end.not_quiet(Instant::now());
        match payload_type {
            PayloadType::Output => self.output.take(Stream::Out, payload),
            // AWS's plugin writes all three to standard output.
            PayloadType::StdErr if self.voice.is_plugin() => self.output.take(Stream::Out, payload),
            PayloadType::StdErr => self.output.take(Stream::Err, payload),
            PayloadType::ExitCode => {
                self.status = exit_status(&payload);
                if self.voice.is_plugin() && !self.channel.peer_is_usher() {
                    self.output.take(Stream::Out, payload);
                }
            }
            _ => {}
        }
    }

    /// The session has started: from here on the keyboard belongs to the node.
    fn open(&mut self) -> Result<(), Error> {
        if self.is_on_terminal() {
            self.raw_mode = screen::enter_raw_mode().map_err(Error::Terminal)?;
            self.tell_size();
        }
        self.input = Some(Input::start().map_err(Error::Terminal)?);
        Ok(())
    }

    /// Whether there is a terminal at the other end.
    fn is_on_terminal(&self) -> bool {
        matches!(
            self.channel.session_type(),
            Some(SessionType::StandardStream | SessionType::InteractiveCommands)
        )
    }

    /// Whether our agent serves a command on pipes. AWS's has no end of input and takes signals as bytes.
    fn is_on_pipes(&self) -> bool {
        self.channel.session_type() == Some(SessionType::NonInteractiveCommands)
            && self.channel.peer_is_usher()
    }

    fn is_port(&self) -> bool {
        self.channel.session_type() == Some(SessionType::Port)
    }

    /// In order with the input; false when there is no room yet.
    fn send_flag(&mut self, flag: Flag) -> bool {
        let sent = self.channel.send(PayloadType::Flag, flag.to_payload());
        sent.is_ok()
    }

    /// Only the newest size waits, so there is always room for it.
    fn tell_size(&mut self) {
        let _ = self
            .channel
            .send_urgent(PayloadType::Size, screen::size().to_payload());
    }

    fn handle(&mut self, happened: Happened) -> Result<Option<Ending>, Error> {
        let now = Instant::now();
        match happened {
            Happened::Link(event) => return self.handle_link(now, event),
            Happened::Written(written) => written.map_err(Error::Output)?,
            Happened::Typed(Some(chunk)) => return self.handle_typed(&chunk),
            Happened::Typed(None) => {
                self.stdin_end.begin(now, self.is_on_terminal());
                self.tells_end = self.is_on_pipes();
            }
            Happened::Signal(Caught::Resized) if self.input.is_some() && self.is_on_terminal() => {
                self.tell_size();
            }
            Happened::Signal(Caught::Resized) => {}
            Happened::Signal(Caught::End(signal)) => return Ok(self.leave(now, signal)),
            Happened::Signal(Caught::Key(key)) => return self.handle_key(key),
            Happened::TimeIsUp => return Ok(self.handle_time(now)),
        }
        Ok(None)
    }

    /// A shell stays for whoever resumes it; a command ends with its caller.
    fn leave(&mut self, now: Instant, signal: i32) -> Option<Ending> {
        let flag = Flag::TerminateSession.to_payload();
        let told = self.is_on_pipes()
            && self.link.is_up()
            && self.leaving.is_none()
            && self.channel.send_urgent(PayloadType::Flag, flag).is_ok();
        if !told {
            return Some(Ending::Signalled(signal));
        }
        self.leaving = Some((signal, now + COMMAND_ENDS_WITHIN));
        None
    }

    fn handle_link(&mut self, now: Instant, event: LinkEvent) -> Result<Option<Ending>, Error> {
        match event {
            LinkEvent::Message(message) => self.channel.handle_message(now, message)?,
            LinkEvent::Room => {}
            LinkEvent::Lost(cause) => {
                self.channel.handle_disconnected();
                self.voice.interrupted(&cause);
            }
            LinkEvent::Back => {
                self.channel.handle_connected(now);
                self.voice.resumed();
            }
            // The shell had ended and said how: only the farewell was lost with the connection.
            LinkEvent::TimedOut if self.status.is_some() => {
                return Ok(Some(self.ending(String::new())));
            }
            LinkEvent::TimedOut => return Ok(Some(Ending::TimedOut)),
            LinkEvent::Failed(cause) => {
                return Err(Error::Lost {
                    session: self.session.clone(),
                    cause,
                });
            }
        }
        Ok(None)
    }

    fn handle_typed(&mut self, chunk: &Bytes) -> Result<Option<Ending>, Error> {
        match chunk.as_ref() {
            // Only a keyboard has a Ctrl-C: in a pipe the same byte is data.
            [INTERRUPT, ..] if self.raw_mode.is_some() && !self.link.is_up() => Err(Error::Left {
                session: self.session.clone(),
            }),
            [key @ (INTERRUPT | 0x1c | 0x1a)] if self.raw_mode.is_some() => self.handle_key(*key),
            typed if self.raw_mode.is_some() => Ok(self.handle_keys(typed)),
            data => {
                self.held.extend_from_slice(data);
                Ok(None)
            }
        }
    }

    fn handle_keys(&mut self, mut typed: &[u8]) -> Option<Ending> {
        while let Some(escape) = self.escapes.take(&mut typed, &mut self.held) {
            match escape {
                Escape::Help => self.voice.escapes(),
                Escape::End => return Some(Ending::LeftByEscape),
            }
        }
        None
    }

    /// A key that acts at once goes ahead of everything that waits. Without a session to act on it is ours.
    fn handle_key(&mut self, key: u8) -> Result<Option<Ending>, Error> {
        let acts_on_us = key != 0x1a && self.input.is_none();
        if acts_on_us {
            return Ok(Some(Ending::Signalled(if key == INTERRUPT {
                2
            } else {
                3
            })));
        }
        if !self.link.is_up() && key == INTERRUPT {
            return Err(Error::Left {
                session: self.session.clone(),
            });
        }
        if self.is_on_pipes() {
            let signal = match key {
                INTERRUPT => 2,
                0x1c => 3,
                _ => return Ok(None),
            };
            let flag = Flag::Signal(signal).to_payload();
            let _ = self.channel.send_urgent(PayloadType::Flag, flag);
        } else if self.input.is_some() && !self.is_port() {
            self.escapes.interrupted();
            if key == INTERRUPT {
                // Who interrupts takes back what they pasted and what has not left yet.
                self.held.clear();
                self.channel.discard_waiting();
            }
            let _ = self
                .channel
                .send_urgent(PayloadType::Output, Bytes::copy_from_slice(&[key]));
        }
        Ok(None)
    }

    fn handle_time(&mut self, now: Instant) -> Option<Ending> {
        if let Some((signal, _)) = self.leaving.filter(|(_, until)| *until <= now) {
            return Some(Ending::Signalled(signal));
        }
        if self.channel.poll_timeout().is_some_and(|due| due <= now) {
            self.channel.handle_timeout(now);
        }
        if !self.channel.all_acknowledged() || !self.held.is_empty() {
            self.stdin_end.not_quiet(now);
        } else if self.stdin_end.take(now) {
            let _ = self
                .channel
                .send(PayloadType::Output, Bytes::from_static(&[END_OF_FILE]));
        }
        None
    }
}

async fn next_chunk(input: &mut Option<Input>) -> Option<Bytes> {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

/// `7` from some agents, `EXIT_CODE: 7` from AWS's: the number at the end.
fn exit_status(payload: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(payload).ok()?;
    text.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_no_status() {
        for payload in [&b""[..], b"EXIT_CODE:", b"seven", b"\xff", b"7 8"] {
            assert_eq!(exit_status(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn both_spellings_of_a_status_are_read() {
        for payload in [&b"7"[..], b"EXIT_CODE: 7", b"EXIT_CODE: 7\n"] {
            assert_eq!(exit_status(payload), Some(7), "{payload:?}");
        }
    }
}
