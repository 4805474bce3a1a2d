//! Findings as tools want them that write beside the lines of a repository: each has a path from the repository's root, a line, and
//! a fingerprint that stays when lines move.

use std::{
    collections::BTreeMap,
    env,
    path::{Component, Path, PathBuf},
};

use spectro_pack::{
    digest::Digest,
    pack::{Finding, Report},
};

/// What names the root of a repository in the CI of GitHub and of GitLab.
const ROOTS: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// A finding and where it stands in a repository.
pub(super) struct Annotation<'a> {
    pub(super) finding: &'a Finding,
    pub(super) place: Place,
    /// The line; 1 for a finding about a whole file, because these tools take none without.
    pub(super) line: usize,
    /// The first column and the one behind the last, where the finding is about a part of a line.
    pub(super) columns: Option<(usize, usize)>,
    pub(super) fingerprint: String,
}

/// Where a file lies, with `/` between folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Below the root.
    Within(String),
    /// Elsewhere; the path is absolute.
    Outside(String),
}

impl Place {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Within(path) | Self::Outside(path) => path,
        }
    }
}

/// The folder that paths are told from, and the one that they were typed in.
pub(super) struct Root {
    root: PathBuf,
    working: PathBuf,
}

impl Root {
    /// Returns the root that the CI names, if the working folder lies in it; else the working folder.
    pub(super) fn of_environment() -> Self {
        let working = env::current_dir().unwrap_or_default();
        let named = ROOTS.iter().filter_map(env::var_os).map(PathBuf::from);
        let real = named.map(|root| root.canonicalize().unwrap_or(root));
        let root = real.into_iter().find(|root| root.is_absolute() && working.starts_with(root));
        Self { root: root.unwrap_or_else(|| working.clone()), working }
    }

    fn place(&self, path: &Path) -> Place {
        let whole = without_dots(&self.working.join(path));
        match whole.strip_prefix(&self.root) {
            Ok(inner) if inner != Path::new("") => Place::Within(inner.to_string_lossy().into_owned()),
            Ok(_) => Place::Within(".".to_owned()),
            Err(_) => Place::Outside(whole.to_string_lossy().into_owned()),
        }
    }
}

/// Returns an absolute path without `.` and `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole
}

/// Returns the findings of all packs in order.
pub(super) fn annotations<'a>(packs: &[(&Path, &'a Report)], root: &Root) -> Vec<Annotation<'a>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let all =
        packs.iter().flat_map(|(directory, report)| report.findings().iter().map(move |found| (directory, found)));
    all.map(|(directory, finding)| {
        // What is missing stands nowhere; a pack's first file is the place where people look.
        let place = root.place(&directory.join(finding.file.as_deref().unwrap_or("pack.json")));
        let same = format!("{}\n{}\n{}", finding.code, place.as_str(), finding.message);
        let before = seen.entry(same.clone()).or_default();
        let fingerprint = Digest::of(format!("{same}\n{before}").as_bytes()).as_str().replace("sha256:", "");
        *before += 1;
        Annotation {
            finding,
            place,
            line: finding.position.map_or(1, |position| position.line),
            columns: finding.position.map(|position| (position.column, position.column + finding.length.max(1))),
            fingerprint,
        }
    })
    .collect()
}

impl Annotation<'_> {
    /// Returns what is said: the message, and below it the hint.
    pub(super) fn message(&self) -> String {
        match &self.finding.hint {
            Some(hint) => format!("{}\nhint: {hint}", self.finding.message),
            None => self.finding.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_the_root() {
        let root = Root { root: "/ws".into(), working: "/ws/packs".into() };
        let told = |path: &str| root.place(Path::new(path));
        let within = |path: &str| Place::Within(path.to_owned());
        assert_eq!(told("a/pack.json"), within("packs/a/pack.json"));
        assert_eq!(told("./a//pack.json"), within("packs/a/pack.json"));
        assert_eq!(told("../b/pack.json"), within("b/pack.json"));
        assert_eq!(told("/ws/b/pack.json"), within("b/pack.json"));
        assert_eq!(told(".."), within("."));
        assert_eq!(told("../../tmp/pack.json"), Place::Outside("/tmp/pack.json".to_owned()));
    }
}
