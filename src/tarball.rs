//! Folders as tar+gzip: written canonically, read under limits.

pub mod read;
pub mod write;
