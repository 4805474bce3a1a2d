//! What a command's run needs beside its own arguments: the outputs, the home folder, the servers that were opened.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use spectro_pack::{
    artifact::{EncodeOptions, KnownFolders},
    location::ServerLocation,
    registry::Server,
};

use crate::{
    args::GlobalArgs,
    config::{self, Config},
    failure::{Exit, Failure, NO_SERVER},
    output::Output,
    progress::Progress,
};

/// The variable that names a default server.
pub(crate) const SERVER: &str = "SPECTRO_REGISTRY_SERVER";

pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) progress: Progress,
    home: Option<PathBuf>,
    /// Whether the home was named by --home or `SPECTRO_HOME`.
    home_was_named: bool,
    servers: Mutex<Vec<Server>>,
    known: OnceLock<Option<Arc<KnownFolders>>>,
}

impl Context {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self {
            output: Output::new(global.output, global.quiet),
            progress: Progress::new(global.quiet, global.no_progress, global.verbose || log_is_on()),
            home_was_named: global.home.is_some(),
            home: global.home.clone().or_else(|| user_home().map(|home| home.join(".spectro"))),
            servers: Mutex::default(),
            known: OnceLock::new(),
        }
    }

    /// Returns the folder of `config.json`, where there is a home.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Returns the folder that was named by --home or `SPECTRO_HOME`.
    pub(crate) fn named_home(&self) -> Option<&Path> {
        self.home().filter(|_| self.home_was_named)
    }

    /// Returns what `config.json` says.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        self.home().map_or_else(|| Ok(Config::default()), Config::read)
    }

    /// Returns the server of what is only a name: that of `SPECTRO_REGISTRY_SERVER`, or of `config.json`.
    pub(crate) fn default_server(&self) -> Result<Option<ServerLocation>, Failure> {
        match variable(SERVER) {
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|error| Failure::from(error).cause(format!("the variable {SERVER} has this value"))),
            None => self.config()?.default_server(),
        }
    }

    /// Returns the failure of a command that names no server where none is configured.
    pub(crate) fn no_server(&self, message: impl Into<String>) -> Failure {
        let failure = Failure::new(Exit::Usage, message).hint(NO_SERVER);
        match self.named_home().map(|home| home.join(config::FILE)) {
            Some(file) if !file.exists() => failure.cause(format!("there is no `{}`", file.display())),
            _ => failure,
        }
    }

    /// Returns how packs are encoded, where packed folders wait in `scratch`.
    pub(crate) fn encoding(&self, scratch: PathBuf) -> EncodeOptions {
        let known = self.known.get_or_init(|| Some(Arc::new(KnownFolders::in_file(cache()?.join("folders")))));
        EncodeOptions { known: known.clone(), ..EncodeOptions::new(scratch) }
    }

    /// Remembers a server, for the case of an interruption.
    pub(crate) fn remember(&self, server: &Server) {
        self.servers.lock().expect("nobody panics with this lock").push(server.clone());
    }

    /// Returns the servers that were opened.
    pub(crate) fn servers(&self) -> Vec<Server> {
        self.servers.lock().expect("nobody panics with this lock").clone()
    }
}

/// Returns the user's home folder.
pub(crate) fn user_home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// Returns a variable of the environment that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the folder of what may be forgotten; `SPECTRO_CACHE_DIR` names another one, or none where it is empty.
fn cache() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SPECTRO_CACHE_DIR") {
        return Some(named).filter(|named| !named.is_empty()).map(PathBuf::from);
    }
    // XDG base directory specification: a path that is not absolute is to be ignored.
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    Some(named.or_else(|| user_home().map(|home| home.join(".cache")))?.join("spectro"))
}

/// Returns whether `SPECTRO_LOG` asks for each request to be shown.
fn log_is_on() -> bool {
    std::env::var_os("SPECTRO_LOG").is_some_and(|value| !matches!(value.to_str(), Some("" | "0" | "off" | "false")))
}
