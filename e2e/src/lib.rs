//! End-to-end tests of Usher: the real programs, driven by the unmodified `aws` CLI and boto3.
//!
//! Everything stands in `tests/it`, one program. This library is empty: Cargo asks for one.

#![forbid(unsafe_code)]
