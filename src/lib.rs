//! Reads, checks, encodes, pushes and pulls Spectro Cloud packs as OCI artifacts.

pub mod artifact;
pub mod digest;
pub mod location;
pub mod pack;
pub mod registry;
pub mod store;
pub mod tarball;
pub mod transfer;
