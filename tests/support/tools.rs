//! The programs that tests talk to, and what happens where one is missing.
//!
//! A missing program skips the test by name: a line goes to the file that `SPECTRO_SKIPPED_TESTS` names (`scripts/test` prints it at
//! the end), else to `skipped-tests` in the build folder. CNCF distribution is the exception: where `CI=true` its absence fails.

use std::{
    env,
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Something from outside of this project that a test can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Distribution,
    Zot,
    Oras,
    Skopeo,
    Crane,
    Helm,
    Cosign,
    Jq,
    Git,
    /// Kills a program, or fails its system calls, between any two of them.
    Strace,
    Tar,
    Python,
    Corpus,
}

impl Tool {
    /// Returns the name of the program, as it is on PATH.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Distribution => "docker-registry",
            Self::Zot => "zot",
            Self::Oras => "oras",
            Self::Skopeo => "skopeo",
            Self::Crane => "crane",
            Self::Helm => "helm",
            Self::Cosign => "cosign",
            Self::Jq => "jq",
            Self::Git => "git",
            Self::Strace => "strace",
            Self::Tar => "tar",
            Self::Python => "python3",
            Self::Corpus => "the corpus of real packs",
        }
    }

    /// Returns where the program is, or `None` where it isn't.
    pub(crate) fn find(self) -> Option<PathBuf> {
        let found = find_program(self.program());
        // Debian calls the program `docker-registry`, everybody else `registry`.
        if self == Self::Distribution { found.or_else(|| find_program("registry")) } else { found }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Corpus => super::Corpus::packs().is_some(),
            // Where tracing is forbidden, as in some containers, the program alone is of no use.
            Self::Strace => works(self, &["-f", "-e", "trace=none", "true"]),
            Self::Tar => prints(self, &["--version"], "GNU tar"),
            Self::Python => works(self, &["-c", "import tarfile; tarfile.data_filter"]),
            _ => self.find().is_some(),
        }
    }
}

/// Returns the folders in which programs are looked for: PATH, then where `go install` puts them.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    folders.extend(env::var_os("GOPATH").iter().flat_map(env::split_paths).map(|folder| folder.join("bin")));
    folders.extend(env::var_os("HOME").map(|home| PathBuf::from(home).join("go/bin")));
    folders
}

/// Returns the first program of this name on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn run(tool: Tool, arguments: &[&str]) -> Option<Output> {
    Command::new(tool.find()?).args(arguments).stdin(Stdio::null()).output().ok()
}

fn works(tool: Tool, arguments: &[&str]) -> bool {
    run(tool, arguments).is_some_and(|output| output.status.success())
}

/// Returns whether the program prints this text with these arguments.
pub(crate) fn prints(tool: Tool, arguments: &[&str], text: &str) -> bool {
    run(tool, arguments).is_some_and(|output| String::from_utf8_lossy(&output.stdout).contains(text))
}

/// Skips the test (returns from it) unless everything named is there: `needs!(Distribution, Oras);`.
macro_rules! needs {
    ($($tool:ident),+ $(,)?) => {
        fn here() {}
        let test = std::any::type_name_of_val(&here).trim_end_matches("::here").trim_start_matches("main::");
        if !$crate::support::have(test, &[$($crate::support::Tool::$tool),+]) {
            return;
        }
    };
}
pub(crate) use needs;

/// Returns whether all `tools` are there; reports `test` as skipped where one isn't.
///
/// # Panics
///
/// Panics where CNCF distribution is missing and `CI=true`.
pub(crate) fn have(test: &str, tools: &[Tool]) -> bool {
    for tool in tools {
        if tool.is_there() {
            continue;
        }
        let in_ci = env::var_os("CI").is_some_and(|value| value == "true");
        assert!(
            !(*tool == Tool::Distribution && in_ci),
            "docker-registry (CNCF distribution) is not on PATH, and CI requires it: run scripts/install-registries"
        );
        report_skipped(test, *tool);
        return false;
    }
    true
}

fn report_skipped(test: &str, tool: Tool) {
    let reason = match tool {
        Tool::Corpus => "the corpus of real packs is not here (SPECTRO_CORPUS names its folder)".to_owned(),
        Tool::Strace => "strace is not on PATH, or may not trace".to_owned(),
        Tool::Tar => "GNU tar is not on PATH".to_owned(),
        Tool::Python => "a python3 whose tarfile has filters (3.12, or patched before) is not on PATH".to_owned(),
        _ => format!("{} is not on PATH", tool.program()),
    };
    skip(test, &reason);
}

/// Reports a test as skipped by its name.
pub(crate) fn skip(test: &str, reason: &str) {
    let line = format!("skipped {test}: {reason}\n");
    eprint!("{line}");
    let file = env::var_os("SPECTRO_SKIPPED_TESTS")
        .map_or_else(|| super::target_folder().join("skipped-tests"), PathBuf::from);
    // One write in append mode: tests that end at the same moment don't mix their lines.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
}
