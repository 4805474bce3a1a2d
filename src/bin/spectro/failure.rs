//! Why a command failed, what state is left, what to do next; and the exit codes. The only place that knows hints.

mod hints;

use std::{fmt::Write as _, process::ExitCode};

use serde_json::{Value, json};
use spectro_pack::{
    artifact::NotAPack,
    location::InvalidPlace,
    registry::{InvalidReference, Refusal, TlsProblem, Unreachable, UntrustedRealm},
    store::{Error, ErrorKind, TagConflict},
};

/// The exit codes, as the README lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Findings = 1,
    Usage = 2,
    NotFound = 3,
    Denied = 4,
    Conflict = 5,
    Integrity = 6,
    Unsafe = 7,
    Unavailable = 8,
    FileSystem = 9,
    Interrupted = 130,
}

impl Exit {
    /// Returns the stable word of JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::NotFound => "not-found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Integrity => "integrity",
            Self::Unsafe => "unsafe",
            Self::Unavailable => "unavailable",
            Self::FileSystem => "file-system",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the worst of several: 8 comes last, so that it means that trying again may be enough.
    pub(crate) fn worst(codes: impl IntoIterator<Item = Self>) -> Option<Self> {
        const ORDER: [Exit; 10] = [
            Exit::Interrupted,
            Exit::Unsafe,
            Exit::Integrity,
            Exit::FileSystem,
            Exit::Denied,
            Exit::Conflict,
            Exit::NotFound,
            Exit::Usage,
            Exit::Findings,
            Exit::Unavailable,
        ];
        codes.into_iter().min_by_key(|code| ORDER.iter().position(|other| other == code))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Denied => Self::Denied,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Integrity => Self::Integrity,
            ErrorKind::Unsafe => Self::Unsafe,
            ErrorKind::FileSystem => Self::FileSystem,
            ErrorKind::Invalid => Self::Usage,
            _ => Self::Unavailable,
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    causes: Vec<String>,
    state: Option<String>,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), state: None, hint: None }
    }

    pub(crate) fn file_system(message: impl Into<String>, error: &std::io::Error) -> Self {
        Self::new(Exit::FileSystem, message).cause(error.to_string())
    }

    /// Returns the failure to do something in a store: `action` is a clause such as ``cannot push `a:1` to `b` ``.
    pub(crate) fn of_store(action: impl Into<String>, error: &Error) -> Self {
        let mut failure = Self::new(error.kind().into(), action);
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(cause) = next {
            let text = cause.to_string();
            if failure.causes.last().is_none_or(|last| !last.ends_with(&text)) && text != failure.message {
                failure.causes.push(text);
            }
            next = cause.source();
        }
        failure.hint = hint_of(error);
        failure
    }

    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    pub(crate) fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns whether it says what to do next.
    pub(crate) fn has_hint(&self) -> bool {
        self.hint.is_some()
    }

    /// Returns what failed, in one clause.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the lines of the error, without a line feed at the end.
    pub(crate) fn to_text(&self) -> String {
        let bold_red = anstyle::AnsiColor::Red.on_default().bold();
        let bold = anstyle::Style::new().bold();
        let mut text = format!("{bold_red}error{bold_red:#}{bold}:{bold:#} {}", self.message);
        for cause in &self.causes {
            let line = if cause.starts_with("there: ") { cause.clone() } else { format!("caused by: {cause}") };
            write!(text, "\n  {line}").expect("writing to a String can't fail");
        }
        for (name, line) in [("state", &self.state), ("hint", &self.hint)] {
            if let Some(line) = line {
                write!(text, "\n  {name}: {line}").expect("writing to a String can't fail");
            }
        }
        text
    }

    /// Returns the error as it stands in JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "code": self.exit.word(),
            "exit": self.exit as u8,
            "message": self.message,
            "causes": self.causes,
            "state": self.state,
            "hint": self.hint,
        })
    }
}

impl From<InvalidReference> for Failure {
    fn from(error: InvalidReference) -> Self {
        let failure = Self::new(Exit::Usage, error.to_string());
        match error.meant {
            Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
            None => failure,
        }
    }
}

impl From<InvalidPlace> for Failure {
    fn from(error: InvalidPlace) -> Self {
        match error {
            InvalidPlace::Reference(error) => error.into(),
            other => Self::new(Exit::Usage, other.to_string()).hint(NO_SERVER),
        }
    }
}

/// The ways to say where packs are.
pub(crate) const NO_SERVER: &str = "name one with -r SERVER, or the variable SPECTRO_REGISTRY_SERVER, or \
    \"defaultRegistry\" in config.json; -r oci-layout:DIR needs no server";

/// Returns the conflict over a version's tag, with both digests.
pub(crate) fn tag_conflict(tag: &str, server: &str, conflict: &TagConflict) -> Failure {
    let message = if conflict.raced {
        format!("another push of `{tag}` to `{server}` won")
    } else {
        format!("`{tag}` already exists in `{server}` with other content")
    };
    let mut failure = Failure::new(Exit::Conflict, message);
    if let Some(refusal) = &conflict.refusal {
        failure = failure.cause(refusal).hint("raise \"version\" in pack.json");
    } else {
        failure = failure.hint("raise \"version\" in pack.json, or overwrite it with --force");
    }
    failure = failure.cause(format!("there: {}   here: {}", conflict.there, conflict.here));
    if conflict.stored {
        return failure.state(format!("yours is there as {}, without a tag", conflict.here));
    }
    failure
}

fn hint_of(error: &Error) -> Option<String> {
    if let Some(NotAPack { .. }) = error.find::<NotAPack>() {
        return None;
    }
    if let Some(UntrustedRealm { realm, .. }) = error.find::<UntrustedRealm>() {
        let host = hints::without_port(realm);
        return Some(format!("if `{host}` belongs to the registry, say so with --trusted-realm {host}"));
    }
    if let Some(problem) = error.find::<TlsProblem>() {
        return Some(hints::of_tls(problem).into());
    }
    if let Some(refusal) = error.find::<Refusal>() {
        return hints::of_refusal(refusal);
    }
    error.find::<Unreachable>().map(|unreachable| hints::of_unreachable(&unreachable.host))
}
