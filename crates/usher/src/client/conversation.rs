//! The session while it is open: one loop over everything that can happen, in which nothing waits for anything.
//!
//! Each turn settles what follows from the last event: payloads to their sink, frames to the connection. Standard
//! input is read only while the channel takes it, a bounded rest aside; output is taken only when the last of it was written.

mod delivered;
mod keys;
mod kinds;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use usher_aws::{Alarm, DataKey, Socket, random, wall_ms};
use usher_sys::RawTerminal;
use usher_wire::data_channel::{ClientHello, DataChannel};
use usher_wire::frame::PayloadType;
use usher_wire::message::Flag;
use usher_wire::version::CLIENT_VERSION;
use uuid::Uuid;

use super::Near;
use super::carried::{CarriedInput, CarriedOutput};
use super::data_key::{self, AtWork};
use super::escape::Escapes;
use super::input::Input;
use super::link::{Link, LinkEvent};
use super::opening::Opening;
use super::output::Output;
use super::screen;
use super::signals::{Caught, Signals};
use super::stdin_end::{END_OF_FILE, StdinEnd};
use super::voice::Voice;
use crate::error::Error;

/// The first agent that carries many connections in a port session: above 3.0.196.0 (client.md 6.1).
const FIRST_MULTIPLEXING: [u64; 4] = [3, 0, 196, 1];

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
    /// The same where there is no status to tell, of a port or by AWS's agent: nothing says that anything went wrong.
    ClosedWithoutStatus,
    /// It was over when it should have been taken up again.
    TimedOut,
    /// A signal asked us to end.
    Signalled(i32),
    /// The person wants it to end.
    LeftByEscape,
    /// Nobody reads a port or copy session any more.
    ReaderGone,
    /// The person ended a port session by a key that is this signal elsewhere.
    LeftByKey(i32),
}

/// An open session.
pub(super) struct Conversation<'a> {
    opening: Arc<Opening>,
    channel: DataChannel,
    /// While KMS makes the session's data key.
    kms_at_work: Option<AtWork>,
    link: Link,
    alarm: Alarm,
    voice: Voice<'a>,
    signals: Signals,
    output: Output,
    /// None until the session has started: what is typed before belongs to the local terminal.
    input: Option<Source>,
    /// In place of standard output, while a port is forwarded or files are copied.
    carried: Option<CarriedOutput>,
    /// Until the session has started.
    near: Near,
    /// Without input there is nothing left to do.
    ends_with_input: bool,
    /// Read and not yet taken by the channel.
    held: BytesMut,
    escapes: Escapes,
    /// Held for its drop.
    raw_mode: Option<RawTerminal>,
    stdin_end: StdinEnd,
    /// The end of standard input is still to be told to a command, behind what is held.
    tells_end: bool,
    /// We are to end, and the command or port session with us, until then.
    leaving: Option<(Ending, Instant)>,
    status: Option<i32>,
    reason: Option<String>,
}

/// Where the session's input comes from.
enum Source {
    Stdin(Input),
    Carried(CarriedInput),
}

enum Happened {
    Link(LinkEvent),
    Written(std::io::Result<()>),
    Typed(Option<Bytes>),
    KeyMade(Result<DataKey, Error>),
    Signal(Caught),
    TimeIsUp,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        opening: Arc<Opening>,
        socket: Socket,
        voice: Voice<'a>,
        signals: Signals,
        near: Near,
    ) -> Self {
        let hello = ClientHello {
            client_version: CLIENT_VERSION.to_owned(),
            terminal: Some(screen::describe()),
        };
        let mut channel = DataChannel::client(Instant::now(), Uuid::new_v4().into_bytes(), hello);
        if opening.reach().requires_encryption() {
            channel = channel.requiring_encryption();
        }
        Self {
            channel,
            kms_at_work: None,
            link: Link::new(Arc::clone(&opening), socket),
            opening,
            alarm: Alarm::default(),
            voice,
            signals,
            output: Output::new(),
            input: None,
            carried: None,
            near,
            ends_with_input: false,
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
        let ending = self.until_it_ends().await;
        drop(self.raw_mode.take());
        self.link.close().await;
        ending
    }

    async fn until_it_ends(&mut self) -> Result<Ending, Error> {
        loop {
            if let Some(ending) = self.settle().await? {
                return Ok(ending);
            }
            let happened = self.wait().await;
            if let Some(ending) = self.handle(happened)? {
                return Ok(ending);
            }
        }
    }

    async fn wait(&mut self) -> Happened {
        let reads = self.stdin_end.is_open() && self.input.is_some() && self.held.len() < HELD;
        let leaving = self.leaving.as_ref().map(|(_, until)| *until);
        let due = [self.channel.poll_timeout(), self.stdin_end.due(), leaving]
            .into_iter()
            .flatten()
            .min();
        let writes = !self.output.is_idle();
        let carries = self.carried.as_ref().is_some_and(|out| !out.is_idle());
        tokio::select! {
            event = self.link.next() => Happened::Link(event),
            written = self.output.write(), if writes => Happened::Written(written),
            written = carry(&mut self.carried), if carries => Happened::Written(written),
            chunk = next_chunk(&mut self.input), if reads => Happened::Typed(chunk),
            made = data_key::made(&mut self.kms_at_work), if self.kms_at_work.is_some() => Happened::KeyMade(made),
            caught = self.signals.next() => Happened::Signal(caught),
            () = self.alarm.at(due) => Happened::TimeIsUp,
        }
    }

    /// Everything that follows from what happened last, until there is nothing left to do but wait.
    async fn settle(&mut self) -> Result<Option<Ending>, Error> {
        while self.is_idle() {
            match self.channel.poll_event() {
                Some(event) => self.deliver(event).await?,
                None => break,
            }
        }
        if self.is_idle()
            && let Some(reason) = self.reason.take()
        {
            return Ok(Some(self.ending(reason)));
        }
        if !self.held.is_empty() && self.channel.writable() {
            let _ = self
                .channel
                .send(PayloadType::Output, self.held.split().freeze());
        }
        if self.tells_end && self.held.is_empty() && self.channel.writable() {
            self.tells_end = !self.send_flag(if self.channel.peer_is_usher() {
                Flag::EndOfInput
            } else {
                Flag::TerminateSession
            });
        }
        self.transmit();
        Ok(None)
    }

    fn transmit(&mut self) {
        let now = Instant::now();
        while self.link.has_room() {
            match self.channel.poll_transmit(now, wall_ms()) {
                Some(frame) => self.link.feed(frame),
                None => break,
            }
        }
        self.link.flush_now();
    }

    /// Whether everything that was delivered was also written.
    fn is_idle(&self) -> bool {
        let carried = self.carried.as_ref().is_none_or(CarriedOutput::is_idle);
        self.output.is_idle() && carried
    }

    fn ending(&self, reason: String) -> Ending {
        if let Some((left, _)) = &self.leaving {
            return left.clone();
        }
        let started = self.channel.session_type().is_some();
        let has_status = self.channel.peer_is_usher() && !self.is_port();
        match self.status {
            None if reason.is_empty() && started && !has_status => Ending::ClosedWithoutStatus,
            status => Ending::Closed { status, reason },
        }
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
            // Who reads a plain stream, such as ssh, may be gone before the far end has said its last.
            Happened::Written(Err(error))
                if error.kind() == ErrorKind::BrokenPipe && (self.is_port() || self.is_copy()) =>
            {
                return Ok(self.leave(now, Ending::ReaderGone));
            }
            Happened::Written(written) => written.map_err(Error::Output)?,
            Happened::Typed(Some(chunk)) => return self.handle_typed(&chunk),
            Happened::Typed(None) if self.ends_with_input => {
                return Ok(self.leave(now, Ending::ReaderGone));
            }
            Happened::Typed(None) => {
                self.stdin_end.begin(now, self.is_on_terminal());
                self.tells_end = self.is_on_pipes() || self.is_port();
            }
            Happened::Signal(Caught::Resized) if self.input.is_some() && self.is_on_terminal() => {
                self.tell_size();
            }
            Happened::Signal(Caught::Resized) => {}
            Happened::Signal(Caught::End(signal)) => {
                return Ok(self.leave(now, Ending::Signalled(signal)));
            }
            Happened::Signal(Caught::Key(key)) => return self.handle_key(key),
            Happened::KeyMade(made) => self.handle_key_made(made)?,
            Happened::TimeIsUp => return self.handle_time(now),
        }
        Ok(None)
    }

    /// Without a key the node is told why, and the person in words of our own.
    fn handle_key_made(&mut self, made: Result<DataKey, Error>) -> Result<(), Error> {
        match made {
            Ok(key) => {
                let first_nonce = random()?;
                self.channel
                    .offer_key(&key.plaintext, &key.ciphertext, first_nonce)?;
                Ok(())
            }
            Err(error) => {
                self.channel.refuse_key(&error.to_string());
                self.transmit();
                Err(error)
            }
        }
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
                    session: self.opening.session().to_owned(),
                    cause,
                });
            }
        }
        Ok(None)
    }

    fn handle_time(&mut self, now: Instant) -> Result<Option<Ending>, Error> {
        if let Some((ending, _)) = self.leaving.take_if(|(_, until)| *until <= now) {
            return Ok(Some(ending));
        }
        if self.channel.poll_timeout().is_some_and(|due| due <= now) {
            self.channel.handle_timeout(now)?;
        }
        if !self.channel.all_acknowledged() || !self.held.is_empty() {
            self.stdin_end.not_quiet(now);
        } else if self.stdin_end.take(now) {
            let _ = self
                .channel
                .send(PayloadType::Output, Bytes::from_static(&[END_OF_FILE]));
        }
        Ok(None)
    }
}

async fn next_chunk(input: &mut Option<Source>) -> Option<Bytes> {
    match input {
        Some(Source::Stdin(input)) => input.next().await,
        Some(Source::Carried(input)) => input.next().await,
        None => std::future::pending().await,
    }
}

async fn carry(output: &mut Option<CarriedOutput>) -> std::io::Result<()> {
    match output {
        Some(output) => output.write().await,
        None => std::future::pending().await,
    }
}
