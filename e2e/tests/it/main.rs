//! The real programs, end to end, one behaviour a test.
//!
//! Most tests need root, because they make throwaway OS users, and the `aws` CLI, which `cargo xtask test` puts
//! under the target directory. A test that cannot run says so, with the reason, on standard error.

#![forbid(unsafe_code)]

#[cfg(test)]
mod ansible;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod aws_agent;
#[cfg(test)]
mod aws_names;
#[cfg(test)]
mod aws_plugin;
#[cfg(test)]
mod beside_a_browser;
#[cfg(test)]
mod bytes_and_keys;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod cp;
#[cfg(test)]
mod deaths;
#[cfg(test)]
mod dev_server;
#[cfg(test)]
mod encrypted;
#[cfg(test)]
mod every_operation;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod foreign_clients;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod iam;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod kms;
#[cfg(test)]
mod laptop;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod on_postgres;
#[cfg(test)]
mod ordinary_user;
#[cfg(test)]
mod own_client;
#[cfg(test)]
mod plain_root;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod procedures;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod reused_numbers;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod run_as;
#[cfg(test)]
mod run_as_explain;
#[cfg(test)]
mod run_as_product;
#[cfg(test)]
mod run_as_refusals;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod sample_policies;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod session_inputs;
#[cfg(test)]
mod sessions_search;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod simulations;
#[cfg(test)]
mod single_sign_on;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod weather;
