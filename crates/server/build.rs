//! What is read when the crate is compiled besides its sources: migrations and the built console. A new or changed file
//! there must cause it to be compiled again.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=../../console/dist");
}
