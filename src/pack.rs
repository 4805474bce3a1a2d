//! Packs.
mod json;
mod path;
mod report;
mod text;
pub use path::{InvalidPackPath, PackPath};
pub use report::{Code, Finding, Position, Related, Report, Severity, UnknownCode};
