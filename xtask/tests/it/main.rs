//! Rules of the project that the compiler cannot hold, one test each.

#![forbid(unsafe_code)]

#[cfg(test)]
mod rooms;
#[cfg(test)]
mod sources;
