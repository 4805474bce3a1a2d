//! `--changed-since REF`: which folders differ in git from a commit, whether that is committed, staged, or not even known to git.
//!
//! The program `git` is asked, because only it knows the filters, links and formats of a repository. It runs no external diff, no text
//! conversion and no file-system monitor that the repository's configuration names, and no variable of a hook leads it elsewhere.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::{Exit, Failure};

/// What a hook sets, and what would make git look at another repository or index than the folder's.
const OF_A_HOOK: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_LITERAL_PATHSPECS"];

/// A repository and the paths in it that differ.
struct Repository {
    root: PathBuf,
    changed: BTreeSet<PathBuf>,
}

/// Returns the folders that differ from the commit, in order. One that can't be looked at is among them: its reader tells why.
pub(super) fn since(reference: &str, directories: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
    if reference.is_empty() || reference.starts_with('-') {
        return Err(Failure::new(Exit::Usage, format!("`{reference}` is no name of a commit")));
    }
    let mut repositories: Vec<Repository> = Vec::new();
    let mut changed = Vec::new();
    for directory in directories {
        let Some(real) = directory.canonicalize().ok().filter(|real| real.is_dir()) else {
            changed.push(directory);
            continue;
        };
        let known = repositories.iter().position(|repository| repository.holds(&real));
        let index = if let Some(index) = known {
            index
        } else {
            repositories.push(Repository::of(&real, &directory, reference)?);
            repositories.len() - 1
        };
        if repositories[index].differs(&real) {
            changed.push(directory);
        }
    }
    Ok(changed)
}

impl Repository {
    fn of(folder: &Path, shown: &Path, reference: &str) -> Result<Self, Failure> {
        let root = git(folder, &["rev-parse", "--show-toplevel"])?.map_err(|reason| {
            let message = format!("`{}` lies in no git repository", shown.display());
            Failure::new(Exit::NotFound, message).cause(reason)
        })?;
        let root = path(root.strip_suffix(b"\n").unwrap_or(&root));
        let root = root.canonicalize().unwrap_or(root);
        let commit = format!("{reference}^{{commit}}");
        let commit = git(&root, &["rev-parse", "--verify", "--quiet", &commit])?.map_err(|_| {
            let message = format!("there is no commit `{reference}` in `{}`", root.display());
            Failure::new(Exit::Usage, message).hint("in CI: fetch it, a shallow clone has only the newest commit")
        })?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let mut changed = BTreeSet::new();
        let diff = ["diff", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "-z", &commit, "--"];
        let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
        for arguments in [&diff[..], &untracked[..]] {
            let listed = git(&root, arguments)?.map_err(|reason| {
                Failure::new(Exit::FileSystem, format!("git cannot compare `{}`", root.display())).cause(reason)
            })?;
            changed.extend(listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(path));
        }
        Ok(Self { root, changed })
    }

    /// Returns whether a folder belongs to this repository, and to none within it.
    fn holds(&self, folder: &Path) -> bool {
        let inner = folder.ancestors().take_while(|above| *above != self.root);
        folder.starts_with(&self.root) && inner.into_iter().all(|above| above.join(".git").symlink_metadata().is_err())
    }

    fn differs(&self, folder: &Path) -> bool {
        let Ok(inner) = folder.strip_prefix(&self.root) else { return true };
        // Of paths in order, those below a folder stand together.
        self.changed.range(inner.to_path_buf()..).next().is_some_and(|changed| changed.starts_with(inner))
    }
}

/// Runs git in a folder. Returns what it prints, or what it complains of.
fn git(folder: &Path, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, Failure> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false"]).args(arguments);
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    for name in OF_A_HOOK {
        command.env_remove(name);
    }
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(Exit::FileSystem, "--changed-since needs the program `git`, and it is not on PATH")
        }
        _ => Failure::file_system("cannot run `git`", &error),
    })?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let first = complaint.lines().next().unwrap_or("git gave no reason").trim_start_matches("fatal: ");
    Ok(Err(crate::findings::line::escape(first)))
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
