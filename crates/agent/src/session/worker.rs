//! One session, start to end: open the data channel, open the shell when the client is there, carry
//! bytes both ways, and see the last of them delivered.
//!
//! A single loop drives `DataChannel`: deliver what arrived, transmit what is due, then wait for
//! whichever comes first. Back pressure is the machine's: the terminal is read only while the send
//! buffer has room, and the next input is taken only when the terminal took the last.

use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep_until;
use usher_aws::wall_ms;
use usher_sys::{ExitStatus, WindowSize};
use usher_wire::data_channel::{DataChannel, Event, Full};
use usher_wire::frame::{FLAG_FIN, FLAG_SYN, Frame, MessageType, PayloadType};
use usher_wire::ids::SessionId;
use usher_wire::message::{
    SessionState, SessionStateName, TaskStatus, Terminal as ClientTerminal, UsherSessionState,
    to_json,
};
use uuid::Uuid;

use super::error::SessionError;
use super::task::{self, SessionTask};
use super::terminal::Terminal;
use crate::ipc::{AsyncLink, FromShell, LinkError, ToShell};
use crate::monitor::SessionEnd;
use crate::service;
use crate::transport::{Opening, Purpose, Sight, Transport, data_text};

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
    let member = task::usher_member(&task.content)?;
    let client = service::client(task.authorities.as_deref(), &task.endpoint, &task.region)?;
    let (_keep, credentials) = watch::channel(Some(task::credentials(member)));
    let id = task.content.session_id.clone();

    let mut session = Session {
        transport: Transport::new(Opening {
            client,
            purpose: Purpose::Data(id.clone()),
            credentials,
            first_text: data_text,
            node: task.node.clone(),
        }),
        channel: DataChannel::agent(
            Instant::now(),
            *Uuid::new_v4().as_bytes(),
            session_type,
            serde_json::Value::Null,
        ),
        login: AsyncLink::new(login)?,
        login_is_there: true,
        known_terminal: member.terminal.clone(),
        profile: task::shell_profile(&task.content),
        keeps_output: task::idle_limit(&task.content) + BEYOND_IDLE,
        id,
        connected_once: false,
        terminal: None,
        input: Bytes::new(),
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
    end
}

struct Session {
    id: SessionId,
    transport: Transport,
    channel: DataChannel,
    login: AsyncLink,
    login_is_there: bool,
    /// What the service knew of the client's terminal beforehand.
    known_terminal: Option<ClientTerminal>,
    /// Typed ahead of the person's first key; empty once it was.
    profile: Bytes,
    /// How long the last output may wait to be acknowledged.
    keeps_output: Duration,
    connected_once: bool,
    /// Open while programs are on it.
    terminal: Option<Terminal>,
    /// Taken from the channel and not yet by the terminal.
    input: Bytes,
    /// Taken from the terminal and not yet by the channel.
    output: Option<Bytes>,
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
    Output(io::Result<Bytes>),
    InputTaken(io::Result<()>),
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
                Happened::Output(read) => self.on_output(read),
                Happened::InputTaken(written) => self.on_input_taken(written),
                Happened::Time => self.on_time(open_by)?,
            }
        }
    }

    /// Takes events until the terminal is busy; true when the service has closed the session.
    fn deliver(&mut self) -> Result<bool, SessionError> {
        while self.input.is_empty() {
            match self.channel.poll_event() {
                None => break,
                Some(Event::Opened { terminal, .. }) => self.open_shell(terminal)?,
                Some(Event::Payload {
                    payload_type: PayloadType::Output,
                    payload,
                }) => self.input = payload,
                Some(Event::Size { cols, rows }) => self.resize(cols, rows),
                Some(Event::Closed { .. }) => return Ok(true),
                Some(Event::Notice { text }) => self.show(&text),
                // Pauses hold the machine's output, and with it the terminal; other payload types
                // mean nothing to a shell.
                Some(
                    Event::Paused
                    | Event::Resumed
                    | Event::Payload { .. }
                    | Event::HandshakeComplete { .. },
                ) => {}
            }
            if self.terminal.is_none() && self.exited.is_some() {
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

    fn open_shell(&mut self, said: Option<ClientTerminal>) -> Result<(), SessionError> {
        let terminal = said
            .or_else(|| self.known_terminal.take())
            .unwrap_or_default();
        self.login.send(&ToShell::Open {
            columns: terminal.cols,
            rows: terminal.rows,
            term: terminal.term,
            locale: terminal.locale.into_iter().collect(),
        })?;
        Ok(())
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        match &self.terminal {
            Some(terminal) => terminal.resize(WindowSize { columns, rows }),
            // AWS's clients send their size at once; the shell may still be starting.
            None => {
                let known = self.known_terminal.get_or_insert_default();
                (known.cols, known.rows) = (columns, rows);
            }
        }
    }

    /// Puts what the terminal said into the channel, and after the last of it the exit code.
    fn offer_output(&mut self) {
        if let Some(output) = self.output.take()
            && let Err(Full(output)) = self.channel.send(PayloadType::Output, output)
        {
            self.output = Some(output);
            return;
        }
        let (Some(status), None, false) = (self.exited, &self.terminal, self.all_is_said) else {
            return;
        };
        self.all_is_said = true;
        if self.channel.peer_is_usher() {
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
    }

    async fn wait(&mut self, open_by: Instant) -> Happened {
        let opening = (!self.connected_once).then_some(open_by);
        let due = [self.channel.poll_timeout(), self.farewell, opening]
            .into_iter()
            .flatten()
            .min();
        let may_read = self.output.is_none() && self.channel.writable();
        let readable = self.terminal.as_ref().filter(|_| may_read);
        let writable = self.terminal.as_ref().filter(|_| !self.input.is_empty());
        tokio::select! {
            sight = self.transport.next() => Happened::Transport(sight),
            said = self.login.next(), if self.login_is_there => Happened::Login(said),
            read = read(readable), if readable.is_some() => Happened::Output(read),
            done = write(writable, &mut self.input), if writable.is_some() => Happened::InputTaken(done),
            () = until(due), if due.is_some() => Happened::Time,
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
            Sight::Message(message) => self.channel.handle_message(now, wall_ms(), message)?,
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
                let terminal = Terminal::new(terminal)?;
                if let Some(known) = self.known_terminal.take().filter(|known| known.cols > 0) {
                    terminal.resize(WindowSize {
                        columns: known.cols,
                        rows: known.rows,
                    });
                }
                self.terminal = Some(terminal);
                if !self.profile.is_empty() {
                    // Before what the person may have typed already.
                    self.input = [mem::take(&mut self.profile), mem::take(&mut self.input)]
                        .concat()
                        .into();
                }
            }
            FromShell::Failed { sentence } => return Err(SessionError::Shell(sentence)),
            FromShell::Exited { status } => {
                tracing::info!(session = %self.id, ?status, "the shell has ended");
                self.exited = Some(status);
                self.say_farewell_within(self.keeps_output);
                self.input = Bytes::new();
            }
        }
        Ok(())
    }

    fn say_farewell_within(&mut self, time: Duration) {
        let until = Instant::now() + time;
        self.farewell = Some(self.farewell.map_or(until, |earlier| earlier.min(until)));
    }

    fn on_output(&mut self, read: io::Result<Bytes>) {
        match read {
            Ok(output) if !output.is_empty() => self.output = Some(output),
            Ok(_) => self.terminal = None,
            Err(error) => {
                tracing::warn!(session = %self.id, "the terminal cannot be read: {error}");
                self.terminal = None;
            }
        }
    }

    fn on_input_taken(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            tracing::debug!(session = %self.id, "the terminal takes no input: {error}");
            self.input = Bytes::new();
        }
    }

    fn on_time(&mut self, open_by: Instant) -> Result<(), SessionError> {
        let now = Instant::now();
        if !self.connected_once && open_by <= now {
            return Err(SessionError::NotOpened);
        }
        self.channel.handle_timeout(now);
        Ok(())
    }

    /// The last message to login, for a monitor that did not start this process. Login may be gone.
    fn leave(&self, end: &Result<SessionEnd, SessionError>) {
        let end = end.as_ref().map_or_else(SessionError::end, |end| *end);
        let _ = self.login.send(&ToShell::Leaving { code: end as u8 });
    }

    /// The last message, for the service alone. AWS's agent sends none after a terminate.
    fn say_how_it_ended(&mut self, end: &Result<SessionEnd, SessionError>) {
        let (status, output) = match end {
            Ok(_) if self.exited.is_none() => return,
            Ok(_) => (TaskStatus::Success, String::new()),
            Err(error) => (TaskStatus::Failed, error.to_string()),
        };
        let usher = UsherSessionState {
            status,
            output,
            exit_code: self.exited.map(shell_code),
        };
        let state = self.state(SessionStateName::Terminating, Some(usher));
        self.transport.feed(state);
    }

    fn state(&self, name: SessionStateName, usher: Option<UsherSessionState>) -> Bytes {
        let state = SessionState {
            schema_version: 1,
            session_state: name,
            session_id: self.id.as_str().to_owned(),
            usher,
        };
        Frame::unsequenced(
            MessageType::AgentSessionState,
            FLAG_SYN | FLAG_FIN,
            Uuid::new_v4(),
            wall_ms(),
            to_json(&state),
        )
        .encode()
    }
}

/// As a shell would say it: 128 and the signal's number for a process that a signal ended.
fn shell_code(status: ExitStatus) -> i32 {
    match status {
        ExitStatus::Code(code) => code,
        ExitStatus::Signal(signal) => 128 + signal,
    }
}

async fn read(terminal: Option<&Terminal>) -> io::Result<Bytes> {
    match terminal {
        Some(terminal) => terminal.read().await,
        None => std::future::pending().await,
    }
}

async fn write(terminal: Option<&Terminal>, input: &mut Bytes) -> io::Result<()> {
    match terminal {
        Some(terminal) => terminal.write(input).await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
