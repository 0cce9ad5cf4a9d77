//! One session, start to end: open the data channel, start the program when the client is there, carry
//! bytes both ways, and see the last of them delivered.
//!
//! A single loop drives `DataChannel`: deliver what arrived, transmit what is due, then wait for
//! whichever comes first. Back pressure is the machine's: the program is read only while the send
//! buffer has room, and the next input is taken only when the program took the last.

mod ending;
mod kinds;

use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use usher_aws::{Alarm, Kms, wall_ms};
use usher_sys::{ExitStatus, WindowSize};
use usher_wire::data_channel::{DataChannel, Event, Full};
use usher_wire::frame::PayloadType;
use usher_wire::ids::SessionId;
use usher_wire::message::{Flag, SessionStateName, Terminal as ClientTerminal};
use uuid::Uuid;

use super::data_key::{self, AtWork, DataKey, Decrypted};
use super::error::SessionError;
use super::log::{LogNews, SessionLog, Wanted};
use super::pipes::{PipeEnds, Pipes};
use super::ports::{Dials, Ports};
use super::program::{Heard, Program, Said};
use super::task::{self, SessionTask};
use super::terminal::Terminal;
use crate::confinement;
use crate::ipc::{AsyncLink, FromShell, LinkError};
use crate::monitor::SessionEnd;
use crate::service;
use crate::transport::{Opening, Purpose, Sight, Transport, data_text};

use ending::shell_code;

/// The first client that carries many connections in a port session (agent.md 5.4).
const FIRST_MULTIPLEXING: [u64; 4] = [1, 1, 70, 0];

/// The channel must be open for the first time within this.
const OPEN_WITHIN: Duration = Duration::from_secs(60);

/// After the shell has ended, its last output waits for a client that is away as long as the service keeps an idle
/// session, and this much longer: the service decides, unless it is gone as well.
const BEYOND_IDLE: Duration = Duration::from_secs(30);

/// Once login is gone too, the service has ended the session, and the last output has this long.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves the session that `task` describes; `login` is the socket to its login process.
pub(super) async fn serve(login: OwnedFd, task: SessionTask) -> Result<SessionEnd, SessionError> {
    let session_type = task::served_type(&task.content)?;
    let purpose = task::purpose(&task.content)?;
    let member = task::usher_member(&task.content)?;
    let client = service::client(task.authorities.as_deref(), &task.endpoint, &task.region)?;
    confinement::toward(client.endpoint());
    let own = task::credentials(member);
    let log = SessionLog::begin(Wanted::of(&task), &client, &own);
    let id = task.content.session_id.clone();
    let data_key = task::kms_key(&task.content).map(|key_id| DataKey {
        kms: Kms::new(client.clone()),
        credentials: own.clone(),
        session: id.clone(),
        node: task.node.clone(),
        key_id: key_id.to_owned(),
    });
    let (_keep, credentials) = watch::channel(Some(own));
    let (now, seed) = (Instant::now(), *Uuid::new_v4().as_bytes());

    let mut session = Session {
        transport: Transport::new(Opening {
            client,
            purpose: Purpose::Data(id.clone()),
            credentials,
            first_text: data_text,
            node: task.node.clone(),
        }),
        channel: match &data_key {
            Some(key) => DataChannel::encrypted_agent(now, seed, session_type, &key.demand()?),
            None => DataChannel::agent(now, seed, session_type, task::properties(&task.content)),
        },
        data_key,
        kms_at_work: None,
        log,
        alarm: Alarm::default(),
        login: AsyncLink::new(login)?,
        login_is_there: true,
        known_terminal: member.terminal.clone(),
        profile: match purpose {
            task::Purpose::Shell => task::shell_profile(&task.content),
            _ => Bytes::new(),
        },
        keeps_output: task::idle_limit(&task.content) + BEYOND_IDLE,
        id,
        purpose,
        connected_once: false,
        program: None,
        input: Bytes::new(),
        input_has_ended: false,
        answers_dials: false,
        output: None,
        exited: None,
        farewell: None,
        all_is_said: false,
    };
    let open_by = Instant::now() + OPEN_WITHIN;
    let end = session.run(open_by).await;
    session.say_how_it_ended(&end);
    session.leave(&end);
    session.transport.close().await;
    session.log.finish().await;
    end
}

struct Session {
    id: SessionId,
    purpose: task::Purpose,
    transport: Transport,
    channel: DataChannel,
    /// Where KMS encrypts the session.
    data_key: Option<DataKey>,
    kms_at_work: Option<AtWork>,
    /// Where KMS encrypts the session: nobody else could write it.
    log: SessionLog,
    alarm: Alarm,
    login: AsyncLink,
    login_is_there: bool,
    /// What the service knew of the client's terminal beforehand.
    known_terminal: Option<ClientTerminal>,
    /// Typed ahead of the person's first key; empty once it was.
    profile: Bytes,
    /// How long the last output may wait to be acknowledged.
    keeps_output: Duration,
    connected_once: bool,
    /// Open while it may still say something.
    program: Option<Program>,
    /// Taken from the channel and not yet by the program.
    input: Bytes,
    /// No more comes after it.
    input_has_ended: bool,
    /// The client hears of each connection how it was made.
    answers_dials: bool,
    /// Taken from the program and not yet by the channel.
    output: Option<(PayloadType, Bytes)>,
    exited: Option<ExitStatus>,
    /// Set when the shell has ended: nothing is waited for beyond it.
    farewell: Option<Instant>,
    /// The channel has everything, the exit code included.
    all_is_said: bool,
}

/// What the loop waited for.
enum Happened {
    Transport(Sight),
    Login(Result<FromShell, LinkError>),
    Said(io::Result<Said>),
    InputTaken(io::Result<()>),
    Key(Decrypted),
    Log(LogNews),
    Time,
}

impl Session {
    async fn run(&mut self, open_by: Instant) -> Result<SessionEnd, SessionError> {
        loop {
            if self.deliver()? {
                return Ok(SessionEnd::Success);
            }
            self.offer_output();
            if self.is_over() {
                return Ok(SessionEnd::Success);
            }
            self.transmit();
            match self.wait(open_by).await {
                Happened::Transport(sight) => self.on_transport(sight)?,
                Happened::Login(said) => self.on_login(said)?,
                Happened::Said(said) => self.on_said(said)?,
                Happened::InputTaken(written) => self.on_input_taken(written),
                Happened::Key(key) => self.channel.take_key(&key?, data_key::draw()?)?,
                Happened::Log(news) => self.on_log(news)?,
                Happened::Time => self.on_time(open_by)?,
            }
        }
    }

    /// Takes events until the program is busy; true when the service has closed the session.
    fn deliver(&mut self) -> Result<bool, SessionError> {
        while self.input.is_empty() {
            match self.channel.poll_event() {
                None => break,
                Some(Event::Opened { terminal, .. }) => self.open_program(terminal)?,
                Some(Event::Payload {
                    payload_type: PayloadType::Output,
                    payload,
                }) => self.take_input(payload)?,
                Some(Event::Payload {
                    payload_type: PayloadType::Flag,
                    payload,
                }) => match Flag::from_payload(&payload) {
                    Some(Flag::TerminateSession) => return Ok(true),
                    flag => self.take_flag(flag)?,
                },
                Some(Event::Size { cols, rows }) => self.resize(cols, rows),
                Some(Event::KeyCame {
                    ciphertext,
                    challenge,
                }) => {
                    let key = self.data_key.as_ref();
                    self.kms_at_work = key.map(|key| key.decrypt(ciphertext, challenge));
                }
                Some(Event::Closed { .. }) => return Ok(true),
                Some(Event::Notice { text }) => self.show(&text),
                // Pauses hold the machine's output, and with it the program; other payload types
                // mean nothing to one.
                Some(
                    Event::Paused
                    | Event::Resumed
                    | Event::Payload { .. }
                    | Event::KeyAsked { .. }
                    | Event::HandshakeComplete { .. },
                ) => {}
            }
            if self.program.is_none() && self.exited.is_some() {
                // Nobody is left to read what the person still types.
                self.input = Bytes::new();
            }
        }
        Ok(false)
    }

    /// On a line of its own, wherever the cursor is. Without room for it nobody is there to read it.
    fn show(&mut self, sentence: &str) {
        let line = Bytes::from(format!("\r\n{sentence}\r\n"));
        if self.channel.send_notice(line).is_err() {
            tracing::debug!(session = %self.id, "a notice found no room");
        }
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        match &self.program {
            Some(program) => program.resize(WindowSize { columns, rows }),
            // AWS's clients send their size at once; the shell may still be starting.
            None => {
                let known = self.known_terminal.get_or_insert_default();
                (known.cols, known.rows) = (columns, rows);
            }
        }
    }

    /// Puts what the program said into the channel, and after the last of it the exit code.
    fn offer_output(&mut self) {
        if let Some((payload_type, output)) = self.output.take()
            && let Err(Full(output)) = self.channel.send(payload_type, output)
        {
            self.output = Some((payload_type, output));
            return;
        }
        let (Some(status), None, false) = (self.exited, &self.program, self.all_is_said) else {
            return;
        };
        self.all_is_said = true;
        let separate = matches!(self.purpose, task::Purpose::OnPipes { separate: true, .. });
        if self.channel.peer_is_usher() || separate {
            let code = Bytes::from(format!("EXIT_CODE: {}", shell_code(status)));
            if self.channel.send(PayloadType::ExitCode, code).is_err() {
                tracing::warn!(session = %self.id, "the exit code found no room");
            }
        }
    }

    /// The shell has ended and all it said was delivered, or waited for long enough.
    fn is_over(&self) -> bool {
        let delivered = self.all_is_said && self.channel.all_acknowledged();
        delivered || self.farewell.is_some_and(|until| until <= Instant::now())
    }

    fn transmit(&mut self) {
        while self.transport.has_room()
            && let Some(frame) = self.channel.poll_transmit(Instant::now(), wall_ms())
        {
            self.transport.feed(frame);
        }
        self.transport.flush_now();
    }

    async fn wait(&mut self, open_by: Instant) -> Happened {
        let opening = (!self.connected_once).then_some(open_by);
        let due = [self.channel.poll_timeout(), self.farewell, opening]
            .into_iter()
            .flatten()
            .min();
        let may_read = self.output.is_none() && self.channel.writable() && self.log.has_room();
        let readable = self.program.as_ref().filter(|_| may_read);
        let writable = self.program.as_ref().filter(|_| !self.input.is_empty());
        tokio::select! {
            sight = self.transport.next() => Happened::Transport(sight),
            said = self.login.next(), if self.login_is_there => Happened::Login(said),
            said = read(readable), if readable.is_some() => Happened::Said(said),
            done = write(writable, &mut self.input), if writable.is_some() => Happened::InputTaken(done),
            key = data_key::decrypted(&mut self.kms_at_work), if self.kms_at_work.is_some() => Happened::Key(key),
            news = self.log.next() => Happened::Log(news),
            () = self.alarm.at(due) => Happened::Time,
        }
    }

    fn on_transport(&mut self, sight: Sight) -> Result<(), SessionError> {
        let now = Instant::now();
        match sight {
            Sight::Up => {
                self.transport
                    .feed(self.state(SessionStateName::Connected, None));
                if self.connected_once {
                    self.channel.handle_connected(now);
                }
                self.connected_once = true;
            }
            Sight::Down => self.channel.handle_disconnected(),
            Sight::Failed(error) if error.is_refusal() => return Err(SessionError::Refused(error)),
            Sight::Failed(error) => {
                tracing::warn!(session = %self.id, "the data channel is tried again: {error}");
            }
            Sight::Message(message) => self.channel.handle_message(now, message)?,
            Sight::Room => {}
        }
        Ok(())
    }

    fn on_login(&mut self, said: Result<FromShell, LinkError>) -> Result<(), SessionError> {
        let said = match said {
            Err(_) if self.exited.is_some() => {
                self.login_is_there = false;
                self.say_farewell_within(FAREWELL);
                return Ok(());
            }
            said => said?,
        };
        match said {
            FromShell::Started { terminal } => {
                self.start(Program::Terminal(Terminal::new(terminal)?));
                if !self.profile.is_empty() {
                    // Before what the person may have typed already.
                    self.input = [mem::take(&mut self.profile), mem::take(&mut self.input)]
                        .concat()
                        .into();
                }
            }
            FromShell::StartedOnPipes {
                input,
                output,
                errors,
            } => {
                let ends = PipeEnds {
                    input,
                    output,
                    errors,
                };
                self.start(Program::Pipes(Pipes::new(ends, &self.purpose)?));
            }
            FromShell::Dials { dialer } => {
                let ports = Ports::start(
                    Dials::start(dialer)?,
                    self.framing(),
                    self.channel.peer_is_usher(),
                )?;
                self.start(Program::Ports(ports));
            }
            FromShell::Failed { sentence } => return Err(SessionError::Shell(sentence)),
            FromShell::Exited { status } => {
                tracing::info!(session = %self.id, ?status, "the shell has ended");
                self.exited = Some(status);
                // A dialer's end is none of the connections it made.
                if !matches!(self.purpose, task::Purpose::Port { .. }) {
                    self.say_farewell_within(self.keeps_output);
                    self.input = Bytes::new();
                }
            }
        }
        Ok(())
    }

    fn say_farewell_within(&mut self, time: Duration) {
        let until = Instant::now() + time;
        self.farewell = Some(self.farewell.map_or(until, |earlier| earlier.min(until)));
    }

    fn on_said(&mut self, said: io::Result<Said>) -> Result<(), SessionError> {
        let Some(program) = &mut self.program else {
            return Ok(());
        };
        match said.and_then(|said| program.on_said(said)) {
            Ok(Heard::Payload(payload_type, payload)) => {
                self.log.take(&payload);
                self.output = Some((payload_type, payload));
                return Ok(());
            }
            Ok(Heard::Nothing) => return Ok(()),
            Ok(Heard::Refused(sentence)) => return Err(SessionError::Shell(sentence)),
            Ok(Heard::End) => {}
            Err(error) => {
                tracing::warn!(session = %self.id, "the program cannot be read: {error}");
            }
        }
        self.program = None;
        if matches!(self.purpose, task::Purpose::Port { .. }) {
            // There is no exit to wait for.
            self.all_is_said = true;
            self.say_farewell_within(self.keeps_output);
        }
        Ok(())
    }

    fn on_input_taken(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            tracing::debug!(session = %self.id, "the program takes no input: {error}");
            self.input = Bytes::new();
        }
    }

    fn on_log(&mut self, news: LogNews) -> Result<(), SessionError> {
        match news {
            LogNews::Room => {}
            LogNews::Problem(problem) => self.show(&format!(
                "The log of this session cannot be written now, and is tried again: {problem}"
            )),
            LogNews::End(problem) => return Err(SessionError::Log(problem)),
        }
        Ok(())
    }

    fn on_time(&mut self, open_by: Instant) -> Result<(), SessionError> {
        let now = Instant::now();
        if !self.connected_once && open_by <= now {
            return Err(SessionError::NotOpened);
        }
        self.channel.handle_timeout(now)?;
        Ok(())
    }
}

async fn read(program: Option<&Program>) -> io::Result<Said> {
    match program {
        Some(program) => program.read().await,
        None => std::future::pending().await,
    }
}

async fn write(program: Option<&Program>, input: &mut Bytes) -> io::Result<()> {
    match program {
        Some(program) => program.write(input).await,
        None => std::future::pending().await,
    }
}
