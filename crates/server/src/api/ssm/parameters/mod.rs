//! Parameter Store: named values that session documents refer to by `{{ssm:name}}`.
//!
//! Owns one invariant: a value leaves only to who may read that parameter, and never to a log. Every value is sealed at
//! rest; a SecureString opens only to who may also decrypt with its KMS key.

mod code;
mod delete;
mod describe;
mod filter;
mod get;
mod put;
mod value;

pub(crate) use code::ParameterCode;
pub(crate) use delete::{DeleteParameter, DeleteParameters};
pub(crate) use describe::DescribeParameters;
pub(crate) use get::{GetParameter, GetParameters, GetParametersByPath};
pub(crate) use put::PutParameter;
pub(super) use value::open_plain;
