//! Standard output: the result, as text or as one JSON object. Errors go to standard error as text, and to standard output
//! where that is JSON.

use std::{io::Write, process::ExitCode};

use serde_json::{Value, json};

use crate::{args::Format, failure::Failure};

/// The version of the JSON that is printed. Raised when a field changes its meaning or goes.
const SCHEMA_VERSION: u64 = 1;

pub(crate) struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints the result: the text, or the members of the JSON object.
    pub(crate) fn result(&self, text: &str, json: impl FnOnce() -> Value) {
        if self.is_json() {
            print_json(json());
        } else if !text.is_empty() {
            line(text);
        }
    }

    /// Says something that is no result, unless asked to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            writeln!(anstream::stderr(), "{text}").ok();
        }
    }

    /// Tells why the command failed, and returns its exit code.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if self.is_json() {
            print_json(json!({ "error": failure.to_json() }));
        } else {
            complain(&failure.to_text());
        }
        failure.exit.into()
    }
}

/// Prints one JSON object with these members and the version.
fn print_json(members: Value) {
    let mut object = json!({ "schemaVersion": SCHEMA_VERSION });
    if let (Value::Object(object), Value::Object(members)) = (&mut object, members) {
        object.extend(members);
    }
    line(&format!("{object:#}"));
}

/// Prints a line to standard output. A reader that went away (`| head`) is no error.
fn line(text: &str) {
    writeln!(anstream::stdout(), "{text}").ok();
}

/// Writes bytes to standard output as they are.
pub(crate) fn write_bytes(bytes: &[u8]) -> std::io::Result<()> {
    std::io::stdout().write_all(bytes)
}

/// Says something on standard error that must be read, quiet or not.
pub(crate) fn complain(text: &str) {
    writeln!(anstream::stderr(), "{text}").ok();
}
