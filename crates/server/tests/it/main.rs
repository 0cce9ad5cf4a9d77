//! The server over loopback, asked by our own signer. One binary, so that it is linked once.

mod activations;
mod documents;
mod gateway;
mod gateway_peers;
mod gateway_sessions;
mod harness;
mod iam;
mod listener;
mod nodes;
mod policy;
mod restart;
mod signature;
