//! `spectro`: reads, checks, pushes and pulls packs.

#[allow(dead_code)]
mod findings;

fn main() {}
