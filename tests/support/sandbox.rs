//! A machine of its own for one test: home, runtime, temp and working folder under one temporary folder, and an empty environment.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    invocation::{Invocation, Outcome},
    tools,
};

/// The place in which one test runs the binary and its peers. Everything in it is gone when it is dropped.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
}

/// Returns the path of something in `testdata`, such as `packs/prometheus-grafana`.
pub(crate) fn testdata(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

impl Sandbox {
    /// Returns a sandbox whose folders are empty.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("spectro-test-").tempdir().expect("a temporary folder can be made");
        for folder in ["home", "run", "tmp", "work"] {
            fs::create_dir(root.path().join(folder)).expect("a new folder takes folders");
        }
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(root.path().join("run"), private).expect("a folder's owner may change its mode");
        Self { root }
    }

    /// Returns the value of HOME.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Returns the value of `XDG_RUNTIME_DIR`, a private folder.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.root.path().join("run")
    }

    /// Returns the value of TMPDIR.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// Returns the working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Returns a path in the working folder.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.work().join(relative)
    }

    /// Writes a file below the working folder, or at an absolute path, and makes the folders above it.
    pub(crate) fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folders above can be made");
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// Reads a file below the working folder, or at an absolute path.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// Reads a file as text.
    pub(crate) fn read_text(&self, path: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(path)).expect("the file is text")
    }

    /// Changes the mode of a file or folder below the working folder.
    pub(crate) fn set_mode(&self, path: impl AsRef<Path>, mode: u32) {
        let path = self.path(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("cannot change the mode of {}: {error}", path.display()));
    }

    /// Copies `testdata/packs/<name>` into the working folder and returns its new path.
    pub(crate) fn copy_pack(&self, name: &str) -> PathBuf {
        self.copy_folder(testdata("packs").join(name), name)
    }

    /// Copies any folder to a path below the working folder.
    pub(crate) fn copy_folder(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> PathBuf {
        let to = self.path(to);
        copy_folder(from.as_ref(), &to);
        to
    }

    /// Returns a call of the `spectro` binary with these arguments, in the working folder.
    pub(crate) fn spectro<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Invocation {
        self.invocation(Path::new(env!("CARGO_BIN_EXE_spectro")), arguments)
    }

    /// Returns a call of another program, found on PATH or where `go install` puts programs.
    pub(crate) fn tool<A: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = A>) -> Invocation {
        let program = tools::find_program(name).unwrap_or_else(|| panic!("{name} is not on PATH"));
        self.invocation(&program, arguments)
    }

    /// Runs another program, such as `oras`, to its end.
    pub(crate) fn run_tool<A: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = A>) -> Outcome {
        self.tool(name, arguments).run()
    }

    fn invocation<A: AsRef<OsStr>>(&self, program: &Path, arguments: impl IntoIterator<Item = A>) -> Invocation {
        let path = env::join_paths(tools::search_path()).expect("what came from PATH goes into PATH");
        Invocation::new(program, &self.work())
            .args(arguments)
            .env("PATH", path)
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("TMPDIR", self.temporary())
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("cannot make {}: {error}", to.display()));
    let list = fs::read_dir(from).unwrap_or_else(|error| panic!("cannot list {}: {error}", from.display()));
    for entry in list {
        let entry = entry.expect("a folder's entry can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap_or_else(|error| panic!("cannot copy {}: {error}", target.display()));
        }
    }
}
