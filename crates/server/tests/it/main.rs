//! The server over loopback, asked by our own signer. One binary, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that finds something unexpected fails its test, as the test itself would"
)]

mod activations;
mod assume_role;
mod assume_role_tags;
mod audit;
mod audit_webhook;
mod client;
mod console;
mod crowd;
mod database;
mod deregistration;
mod document_lists;
mod documents;
mod explain_run_as;
mod gateway;
mod gateway_peers;
mod gateway_sessions;
mod harness;
mod iam;
mod iam_boundaries;
mod iam_groups;
mod iam_policies;
mod identity_provider;
mod kms;
mod kms_grants;
mod kms_keys;
mod kms_lifetimes;
mod kms_policies;
mod listener;
mod logs;
mod logs_access;
mod logs_reading;
mod neighbours;
mod nodes;
mod parameters;
mod policy;
mod production;
mod recording;
mod resource_tags;
mod restart;
mod resume;
mod role_keys;
mod role_sessions;
mod roles;
mod run_as_administrators;
mod s3;
mod s3_access;
mod sealed_recordings;
mod session_logs;
mod session_logs_by_node;
mod session_logs_s3;
mod sign_out;
mod signature;
mod simulate;
mod standing;
mod stored_values;
mod sts;
mod web_identity;
