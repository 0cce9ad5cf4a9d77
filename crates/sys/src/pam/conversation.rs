//! What PAM's modules say while a login is opened. Nobody is there to answer, so a question fails.
//!
//! Owns that what is kept is bounded and holds no control character but the line feed: it is shown on a terminal.

use std::cell::RefCell;
use std::ffi::{CStr, c_int, c_void};

use super::library::{CONV_ERR, Conversation, ERROR_MSG, Message, Response, SUCCESS, TEXT_INFO};

/// More messages in one call than this no module has.
const MAX_MESSAGES: usize = 32;

/// All that is kept of one kind, in bytes: less than a terminal that nobody reads yet takes.
const MAX_TEXT: usize = 4 * 1024;

/// The messages so far. It must not move while a conversation points at it: keep it in a box.
#[derive(Debug, Default)]
pub(super) struct Said {
    errors: RefCell<String>,
    notices: RefCell<String>,
    asked: RefCell<bool>,
}

impl Said {
    /// The structure to hand to `pam_start`; it points at this value, which has to stay where it is until `pam_end`.
    pub(super) fn conversation(&self) -> Conversation {
        Conversation {
            converse,
            data: std::ptr::from_ref(self).cast_mut().cast(),
        }
    }

    /// What modules complained of since the last call, in one line.
    pub(super) fn take_errors(&self) -> String {
        let errors = self.errors.take();
        errors.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What modules had to tell since the last call, line by line.
    pub(super) fn take_notices(&self) -> String {
        self.notices.take()
    }

    /// Whether a module wanted an answer.
    pub(super) fn was_asked(&self) -> bool {
        *self.asked.borrow()
    }

    fn hear(&self, style: c_int, text: &CStr) -> bool {
        let kept = match style {
            ERROR_MSG => &self.errors,
            TEXT_INFO => &self.notices,
            _ => {
                self.asked.replace(true);
                return false;
            }
        };
        let mut kept = kept.borrow_mut();
        let text = text.to_string_lossy();
        let printable = text.chars().filter(|c| *c == '\n' || !c.is_control());
        let line = printable.chain(std::iter::once('\n'));
        for character in line {
            if kept.len() < MAX_TEXT {
                kept.push(character);
            }
        }
        true
    }
}

/// Hears every message and answers each with nothing, as pam_conv(3) has it.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Some(count) = usize::try_from(count)
        .ok()
        .filter(|count| *count <= MAX_MESSAGES)
    else {
        return CONV_ERR;
    };
    if messages.is_null() || responses.is_null() || data.is_null() {
        return CONV_ERR;
    }
    // SAFETY: `data` is what `Said::conversation` put there, alive as long as the PAM handle.
    let said = unsafe { &*data.cast::<Said>() };
    // SAFETY: PAM passes an array of `count` pointers.
    let messages = unsafe { std::slice::from_raw_parts(messages, count) };
    for message in messages {
        // SAFETY: each points at a message that lives for the length of this call, or is null.
        let Some(message) = (unsafe { message.as_ref() }) else {
            return CONV_ERR;
        };
        let text = if message.text.is_null() {
            c""
        } else {
            // SAFETY: a message's text is NUL-terminated.
            unsafe { CStr::from_ptr(message.text) }
        };
        if !said.hear(message.style, text) {
            return CONV_ERR;
        }
    }
    // SAFETY: calloc takes sizes; the caller frees what it returns.
    let empty = unsafe { libc::calloc(count.max(1), size_of::<Response>()) };
    if empty.is_null() {
        return CONV_ERR;
    }
    // SAFETY: `responses` points at one pointer that the caller wants filled.
    unsafe { *responses = empty.cast() };
    SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(said: &Said, style: c_int, text: &CStr) -> c_int {
        let conversation = said.conversation();
        let message = Message {
            style,
            text: text.as_ptr(),
        };
        let mut messages = [std::ptr::from_ref(&message)];
        let mut responses: *mut Response = std::ptr::null_mut();
        // SAFETY: one message, room for one pointer, and the data of this conversation.
        let answer = unsafe {
            (conversation.converse)(
                1,
                messages.as_mut_ptr(),
                &raw mut responses,
                conversation.data,
            )
        };
        if answer == SUCCESS {
            assert!(!responses.is_null());
            // SAFETY: allocated by calloc in `converse` and not used any more.
            unsafe { libc::free(responses.cast()) };
        }
        answer
    }

    #[test]
    fn a_question_fails_because_nobody_could_answer_it() {
        let said = Box::<Said>::default();
        assert_eq!(hear(&said, 1, c"Password: "), CONV_ERR);
        assert_eq!(hear(&said, 2, c"One-time code: "), CONV_ERR);
        assert!(said.was_asked());
    }

    #[test]
    fn what_is_said_is_kept_without_control_characters_and_within_bounds() {
        let said = Box::<Said>::default();
        assert_eq!(
            hear(&said, ERROR_MSG, c"closed\x1b[2J for\n maintenance"),
            SUCCESS
        );
        assert_eq!(said.take_errors(), "closed[2J for maintenance");
        let long = std::ffi::CString::new("x".repeat(MAX_TEXT * 2)).unwrap();
        assert_eq!(hear(&said, TEXT_INFO, &long), SUCCESS);
        assert_eq!(hear(&said, TEXT_INFO, &long), SUCCESS);
        assert_eq!(said.take_notices().len(), MAX_TEXT);
        assert!(!said.was_asked());
    }
}
