//! `spectro version`.

use std::process::ExitCode;

use serde_json::json;

use crate::context::Context;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(context: &Context) -> ExitCode {
    context.output.result(&format!("spectro {VERSION}"), || json!({ "version": VERSION }));
    ExitCode::SUCCESS
}
