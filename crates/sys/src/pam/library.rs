//! libpam, loaded when it is needed: a machine without it still has an agent.
//!
//! Owns the C layouts and the constants of the two implementations, Linux-PAM and macOS's OpenPAM. A [`Library`]
//! exists only if every function of it was found.

use std::ffi::{CStr, c_char, c_int, c_void};

/// Where it is. By path on macOS: a bare name would be looked for below /usr/local first, which Homebrew gives to a person.
#[cfg(target_os = "macos")]
const NAME: &CStr = c"/usr/lib/libpam.2.dylib";
#[cfg(not(target_os = "macos"))]
const NAME: &CStr = c"libpam.so.0";

/// Flags of `pam_setcred`: OpenPAM counts from one, Linux-PAM from two.
#[cfg(target_os = "macos")]
pub(super) const ESTABLISH_CRED: c_int = 0x1;
#[cfg(target_os = "macos")]
pub(super) const DELETE_CRED: c_int = 0x2;
#[cfg(not(target_os = "macos"))]
pub(super) const ESTABLISH_CRED: c_int = 0x2;
#[cfg(not(target_os = "macos"))]
pub(super) const DELETE_CRED: c_int = 0x4;

/// `PAM_SUCCESS`, `PAM_BUF_ERR`, `PAM_CONV_ERR` and `PAM_TTY`, the same in both.
pub(super) const SUCCESS: c_int = 0;
#[cfg(target_os = "macos")]
pub(super) const CONV_ERR: c_int = 6;
#[cfg(not(target_os = "macos"))]
pub(super) const CONV_ERR: c_int = 19;
pub(super) const TTY: c_int = 3;

/// Message styles that ask nothing.
pub(super) const ERROR_MSG: c_int = 3;
pub(super) const TEXT_INFO: c_int = 4;

/// `pam_handle_t`, opaque.
pub(super) enum Handle {}

/// `struct pam_message`.
#[repr(C)]
pub(super) struct Message {
    pub(super) style: c_int,
    pub(super) text: *const c_char,
}

/// `struct pam_response`.
#[repr(C)]
pub(super) struct Response {
    pub(super) text: *mut c_char,
    pub(super) unused: c_int,
}

/// What answers a module's messages.
pub(super) type Converse = unsafe extern "C" fn(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int;

/// `struct pam_conv`.
#[repr(C)]
pub(super) struct Conversation {
    pub(super) converse: Converse,
    pub(super) data: *mut c_void,
}

type Start = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *mut *mut Handle,
) -> c_int;
type Step = unsafe extern "C" fn(*mut Handle, c_int) -> c_int;
type SetItem = unsafe extern "C" fn(*mut Handle, c_int, *const c_void) -> c_int;
type Words = unsafe extern "C" fn(*mut Handle, c_int) -> *const c_char;
type Environment = unsafe extern "C" fn(*mut Handle) -> *mut *mut c_char;

/// The functions used here.
pub(super) struct Library {
    pub(super) start: Start,
    pub(super) end: Step,
    pub(super) set_item: SetItem,
    pub(super) account: Step,
    pub(super) credentials: Step,
    pub(super) open_session: Step,
    pub(super) close_session: Step,
    pub(super) words: Words,
    pub(super) environment: Environment,
}

impl Library {
    /// Loads it for the rest of the process's life: modules leave threads and handlers behind that must not lose their
    /// code.
    pub(super) fn load() -> Option<Self> {
        // SAFETY: the name is NUL-terminated; the library's initialisers are those of the system's own libpam.
        let library = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW) };
        if library.is_null() {
            return None;
        }
        let symbol = |name: &CStr| {
            // SAFETY: the handle is open and the name is NUL-terminated.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        #[expect(
            clippy::multiple_unsafe_ops_per_block,
            reason = "one promise for nine functions of one header"
        )]
        // SAFETY: each symbol is the function that pam(3) declares with exactly this signature.
        unsafe {
            Some(Self {
                start: function::<Start>(symbol(c"pam_start")?),
                end: function::<Step>(symbol(c"pam_end")?),
                set_item: function::<SetItem>(symbol(c"pam_set_item")?),
                account: function::<Step>(symbol(c"pam_acct_mgmt")?),
                credentials: function::<Step>(symbol(c"pam_setcred")?),
                open_session: function::<Step>(symbol(c"pam_open_session")?),
                close_session: function::<Step>(symbol(c"pam_close_session")?),
                words: function::<Words>(symbol(c"pam_strerror")?),
                environment: function::<Environment>(symbol(c"pam_getenvlist")?),
            })
        }
    }
}

/// A symbol as the function it is.
///
/// # Safety
/// `F` must be a function pointer type, and the symbol a function of exactly that type.
unsafe fn function<F: Copy>(symbol: *mut c_void) -> F {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: both are pointers of one size; that it is this function is the caller's promise.
    unsafe { std::mem::transmute_copy(&symbol) }
}
