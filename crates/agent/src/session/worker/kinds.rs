//! What differs by the kind of session: what login is asked to start, and what input and flags mean to it.

use bytes::Bytes;
use usher_sys::WindowSize;
use usher_wire::message::{Flag, Terminal as ClientTerminal};
use usher_wire::version::reaches;

use super::super::error::SessionError;
use super::super::ports::Framing;
use super::super::program::Program;
use super::super::task;
use super::{FIRST_MULTIPLEXING, Session};
use crate::ipc::{Open, Run, ToShell};

impl Session {
    pub(super) fn open_program(
        &mut self,
        said: Option<ClientTerminal>,
    ) -> Result<(), SessionError> {
        let terminal = said
            .or_else(|| self.known_terminal.take())
            .unwrap_or_default();
        let is_usher = self.channel.peer_is_usher();
        let run = match &self.purpose {
            task::Purpose::Shell => Run::Shell,
            task::Purpose::Copy => Run::Copy,
            task::Purpose::OnTerminal { command } => Run::OnTerminal {
                command: command.clone(),
            },
            task::Purpose::OnPipes {
                command, separate, ..
            } => {
                // AWS's clients have only keys for such a command, and no end of input to send.
                self.input_has_ended = !is_usher;
                Run::OnPipes {
                    command: command.clone(),
                    separate: *separate || is_usher,
                }
            }
            task::Purpose::Port { host, port, .. } => Run::Port {
                host: host.clone(),
                port: *port,
            },
        };
        self.login.send(&ToShell::Open(Open {
            run,
            columns: terminal.cols,
            rows: terminal.rows,
            term: terminal.term,
            locale: terminal.locale.into_iter().collect(),
        }))?;
        Ok(())
    }

    pub(super) fn is_on_pipes(&self) -> bool {
        matches!(self.purpose, task::Purpose::OnPipes { .. })
    }

    pub(super) fn take_input(&mut self, input: Bytes) -> Result<(), SessionError> {
        if !self.is_on_pipes() || self.channel.peer_is_usher() {
            self.input = input;
            if let Some(program) = &self.program {
                // A key reaches its program before anything else is done about it.
                program.write_now(&mut self.input);
            }
            return Ok(());
        }
        // As AWS's agent: of what is typed to a command without a terminal only these keys count (agent.md 6.3).
        for key in input {
            match key {
                0x03 => self.take_flag(Some(Flag::Signal(2)))?,
                0x1c => self.take_flag(Some(Flag::Signal(3)))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Comes in order with the input: what was sent before it, the program has already taken.
    pub(super) fn take_flag(&mut self, flag: Option<Flag>) -> Result<(), SessionError> {
        match flag {
            Some(Flag::EndOfInput) => {
                self.input_has_ended = true;
                if let Some(program) = &mut self.program {
                    program.end_input();
                }
            }
            Some(Flag::AnswerDials) => {
                self.answers_dials = true;
                if let Some(Program::Ports(ports)) = &self.program {
                    ports.answer_dials();
                }
            }
            Some(Flag::DisconnectToPort) => {
                if let Some(program) = &mut self.program {
                    program.disconnect()?;
                }
            }
            Some(Flag::Signal(number)) if self.exited.is_none() => {
                self.login.send(&ToShell::Signal { number })?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn framing(&self) -> Framing {
        let forwarding = matches!(
            self.purpose,
            task::Purpose::Port {
                forwarding: true,
                ..
            }
        );
        match forwarding {
            true if reaches(self.channel.peer_version(), FIRST_MULTIPLEXING) => Framing::Many,
            true => Framing::OneByOne,
            false => Framing::One,
        }
    }

    pub(super) fn start(&mut self, mut program: Program) {
        if let Some(known) = self.known_terminal.take().filter(|known| known.cols > 0) {
            program.resize(WindowSize {
                columns: known.cols,
                rows: known.rows,
            });
        }
        if self.input_has_ended {
            program.end_input();
        }
        if let (Program::Ports(ports), true) = (&program, self.answers_dials) {
            ports.answer_dials();
        }
        self.program = Some(program);
    }
}
