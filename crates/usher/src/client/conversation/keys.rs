//! What a person types: data for the node, keys that act at once, and escapes that are ours.
//!
//! Owns that a key that acts goes ahead of all that waits, and that without a session to act on it is ours.

use std::time::Instant;

use bytes::Bytes;
use usher_wire::frame::PayloadType;
use usher_wire::message::Flag;

use super::super::escape::Escape;
use super::{Conversation, Ending};
use crate::error::Error;

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;

impl Conversation<'_> {
    pub(super) fn handle_typed(&mut self, chunk: &Bytes) -> Result<Option<Ending>, Error> {
        match chunk.as_ref() {
            // Only a keyboard has a Ctrl-C: in a pipe the same byte is data.
            [INTERRUPT, ..] if self.raw_mode.is_some() && !self.link.is_up() => Err(Error::Left {
                session: self.opening.session().to_owned(),
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
    pub(super) fn handle_key(&mut self, key: u8) -> Result<Option<Ending>, Error> {
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
                session: self.opening.session().to_owned(),
            });
        }
        if self.input.is_some() && self.is_port() {
            if self.is_forwarding() {
                self.voice.leaving()?;
            }
            let signal = if key == INTERRUPT { 2 } else { 3 };
            return Ok(self.leave(Instant::now(), Ending::LeftByKey(signal)));
        }
        if self.is_on_pipes() {
            let signal = match key {
                INTERRUPT => 2,
                0x1c => 3,
                _ => return Ok(None),
            };
            let flag = Flag::Signal(signal).to_payload();
            let _ = self.channel.send_urgent(PayloadType::Flag, flag);
        } else if self.input.is_some() {
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
}
