//! What a pack takes over from a chart, and a chart's folder as the archive that Helm would make of it.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::{pack::chart::parts, store::file::open, tarball::write::FolderWriter};

/// How many files a chart's folder may have.
const MOST_FILES: usize = 10_000;
/// The most bytes of a `.helmignore` that are read.
const LONGEST_IGNORE_FILE: u64 = 1 << 20;
/// How deep folders may lie within it.
const DEEPEST: usize = 64;

/// Why something is no chart that a pack can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// It is no chart.
    #[error("{message}")]
    Invalid {
        /// What follows the chart's path: "has no Chart.yaml".
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A file in it can't be read.
    #[error("`{}` can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive can't be written.
    #[error("the archive can't be written")]
    Write(#[source] io::Error),
}

impl ChartError {
    fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), hint: None }
    }
}

/// A chart's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartParts {
    /// Its name, by which a pack's values name it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of what it installs.
    pub app_version: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Where its documentation is.
    pub home: Option<String>,
    /// values.yaml as it stands, where it holds a value.
    pub values: Option<String>,
    /// README.md as it stands.
    pub readme: Option<String>,
}

impl ChartParts {
    /// Reads a chart archive.
    ///
    /// # Errors
    ///
    /// [`ChartError::Invalid`] where it is none, or only a library for other charts.
    pub fn read(archive: &mut impl Read) -> Result<Self, ChartError> {
        let parts =
            parts::read(archive).map_err(|fault| ChartError::Invalid { message: fault.message, hint: fault.hint })?;
        if parts.metadata.library {
            return Err(ChartError::Invalid {
                message: "is a library for other charts, which installs nothing".into(),
                hint: Some("make the pack from a chart that uses it".into()),
            });
        }
        let name = parts.metadata.name;
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(ChartError::invalid(format!("has the name `{name}`, which can't be a file's")));
        }
        Ok(Self {
            name,
            version: parts.metadata.version,
            app_version: parts.metadata.app_version,
            description: parts.description,
            home: parts.home,
            values: parts.values.filter(|_| parts.has_values),
            readme: parts.readme,
        })
    }
}

/// Packs a chart's folder into the archive that `helm package` makes, but with the same bytes every time: its files below a folder of the
/// chart's name, without those that `.helmignore` leaves out. Links are refused.
///
/// # Errors
///
/// [`ChartError`] where the folder is no chart, can't be read, or `output` can't be written.
pub fn package(folder: &Path, name: &str, output: impl Write) -> Result<(), ChartError> {
    let ignored = helmignore(folder)?;
    let mut files = Vec::new();
    look_into(folder, Path::new(""), &ignored, 0, &mut files)?;
    // By the bytes of whole paths, as the archive wants them.
    files.sort();
    let mut writer = FolderWriter::new(output).map_err(ChartError::Write)?;
    for relative in files {
        let path = folder.join(&relative);
        let failed = |source| ChartError::Read { path: path.clone(), source };
        let file = open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let executable = metadata.permissions().mode() & 0o100 != 0;
        let entry = format!("{name}/{relative}");
        writer.add_file(&entry, executable, metadata.len(), file).map_err(|error| failed(io::Error::other(error)))?;
    }
    let (mut output, _) = writer.finish().map_err(ChartError::Write)?;
    output.flush().map_err(ChartError::Write)
}

fn helmignore(folder: &Path) -> Result<Gitignore, ChartError> {
    let mut builder = GitignoreBuilder::new(folder);
    // Helm's own default.
    builder.add_line(None, "templates/.?*").map_err(|error| ChartError::invalid(error.to_string()))?;
    let path = folder.join(".helmignore");
    // What is no file there is refused with all else that is none.
    if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        let mut text = String::new();
        let read = open(&path).and_then(|file| file.take(LONGEST_IGNORE_FILE).read_to_string(&mut text));
        read.map_err(|source| ChartError::Read { path, source })?;
        for line in text.lines() {
            // A line that is no pattern leaves nothing out.
            builder.add_line(None, line).ok();
        }
    }
    builder.build().map_err(|error| ChartError::invalid(error.to_string()))
}

fn look_into(
    root: &Path,
    below: &Path,
    ignored: &Gitignore,
    depth: usize,
    found: &mut Vec<String>,
) -> Result<(), ChartError> {
    let folder = root.join(below);
    let failed = |source| ChartError::Read { path: folder.clone(), source };
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let relative = below.join(entry.file_name());
        let kind = entry.file_type().map_err(failed)?;
        let path = relative.to_str().map(str::to_owned);
        let path = path
            .ok_or_else(|| ChartError::invalid(format!("has a file name that is not UTF-8: {}", relative.display())))?;
        if ignored.matched(&relative, kind.is_dir()).is_ignore() {
            continue;
        }
        if kind.is_symlink() {
            return Err(ChartError::invalid(format!("holds the link `{path}`: put the file itself there")));
        }
        if kind.is_dir() {
            if depth == DEEPEST {
                return Err(ChartError::invalid(format!("has folders more than {DEEPEST} deep")));
            }
            look_into(root, &relative, ignored, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(path);
            if found.len() > MOST_FILES {
                return Err(ChartError::invalid(format!("has more than {MOST_FILES} files")));
            }
        } else {
            return Err(ChartError::invalid(format!("holds `{path}`, which is neither a file nor a folder")));
        }
    }
    Ok(())
}
