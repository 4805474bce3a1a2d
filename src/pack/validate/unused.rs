//! What lies where charts and manifests lie, and pack.json does not name: reference-unused.
//!
//! A chart that lies unpacked beside its archive is usual and never told, nor is what is deeper in a folder. A file that is told as
//! what a wrong reference means is not told again.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    nearest::nearest,
    references::{List, Reference},
};
use crate::pack::{
    directory::Listing,
    path::PackPath,
    report::{Code, Finding},
};

/// Tells which files nothing names. The references must be all that there are; `misnamed` are the fields that are meant to be
/// lists of them.
pub(super) fn check(
    references: &[Reference],
    misnamed: &BTreeMap<List, String>,
    listing: &Listing,
    findings: &mut Vec<Finding>,
) {
    let named: BTreeSet<&PackPath> = references.iter().filter_map(|reference| reference.path.as_ref().ok()).collect();
    let wrong: Vec<&Reference> = references.iter().filter(|reference| is_wrong(reference, listing)).collect();
    for file in listing.files.iter().filter(|file| !named.contains(file)) {
        if named.iter().any(|folder| file.starts_with(folder)) || wrong.iter().any(|reference| means(reference, file)) {
            continue;
        }
        let Some(unused) = Unused::of(file) else { continue };
        let message = format!("`{file}` is {}, and pack.json does not name it", unused.what());
        let finding = Finding::new(Code::ReferenceUnused, message).in_file(file.as_str());
        findings.push(finding.hint(unused.hint(file, misnamed)));
    }
}

/// What an unnamed file is that lies where named ones do.
#[derive(Clone, Copy)]
enum Unused {
    LeftOver,
    Part(List),
}

impl Unused {
    fn of(file: &PackPath) -> Option<Self> {
        let folder = file.parent();
        let folder = folder.as_ref().map_or("", PackPath::as_str);
        let ends = |endings: &[&str]| endings.iter().any(|ending| file.file_name().ends_with(ending));
        match folder {
            "charts" | "manifests" | "" if ends(&[".orig", ".orig.tgz"]) => Some(Self::LeftOver),
            "charts" if ends(&[".tgz", ".tar.gz"]) => Some(Self::Part(List::Charts)),
            "manifests" if ends(&[".yaml", ".yml"]) => Some(Self::Part(List::KubeManifests)),
            _ => None,
        }
    }

    fn what(self) -> String {
        match self {
            Self::LeftOver => "a left-over of a merge or a tool".into(),
            Self::Part(list) => format!("a {}", list.noun()),
        }
    }

    fn hint(self, file: &PackPath, misnamed: &BTreeMap<List, String>) -> String {
        let Self::Part(list) = self else { return "delete it".into() };
        let field = list.field();
        match misnamed.get(&list) {
            Some(other) => format!("rename `{other}` in pack.json to `{field}`"),
            None => format!("add `\"{file}\"` to `{field}` in pack.json, or delete the file"),
        }
    }
}

fn is_wrong(reference: &Reference, listing: &Listing) -> bool {
    reference.path.as_ref().map_or(true, |path| listing.files.binary_search(path).is_err())
}

/// Returns whether a file can be what a wrong reference was to name: as its own finding says, or by another way to it.
fn means(reference: &Reference, file: &PackPath) -> bool {
    let plain = reference.written.replace('\\', "/");
    let (folder, name) = plain.rsplit_once('/').unwrap_or(("", &plain));
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let same_folder = file.parent().is_some_and(|parent| folder.trim_start_matches("./") == parent.as_str());
    name.eq_ignore_ascii_case(file.file_name())
        || (same_folder && (stem(name) == stem(file.file_name()) || nearest(&plain, [file.as_str()]).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::report::Position;

    fn told(files: &[&str], named: &[(List, &str)]) -> Vec<String> {
        let mut files: Vec<PackPath> = files.iter().map(|text| text.parse().unwrap()).collect();
        files.sort();
        let listing = Listing { files, ..Listing::default() };
        let reference = |(list, written): &(List, &str)| Reference {
            list: *list,
            written: (*written).to_owned(),
            position: Position { line: 1, column: 1 },
            length: 1,
            path: written.parse(),
        };
        let references: Vec<_> = named.iter().map(reference).collect();
        let mut findings = Vec::new();
        check(&references, &BTreeMap::new(), &listing, &mut findings);
        findings.into_iter().map(|finding| finding.file.unwrap()).collect()
    }

    #[test]
    fn what_lies_beside_and_has_no_name_is_told() {
        let files = [
            "charts/a-1.0.0.tgz",
            "charts/a-1.0.0.tgz.orig",
            "charts/a-1.1.0.orig.tgz",
            "charts/b-1.0.0.tgz",
            "manifests/c.yaml",
            "manifests/d.yml",
            "values.yaml.orig",
        ];
        let named = [(List::Charts, "charts/a-1.0.0.tgz"), (List::KubeManifests, "manifests/c.yaml")];
        assert_eq!(
            told(&files, &named),
            [
                "charts/a-1.0.0.tgz.orig",
                "charts/a-1.1.0.orig.tgz",
                "charts/b-1.0.0.tgz",
                "manifests/d.yml",
                "values.yaml.orig",
            ]
        );
    }

    #[test]
    fn unpacked_charts_roles_and_other_files_are_not() {
        let files = [
            "charts/a/Chart.yaml",
            "charts/a/charts/sub-1.0.0.tgz",
            "charts/README.md",
            "manifests/notes.md",
            "manifests/crds/a.yaml",
            "examples/a.yaml",
            "role/files/a.orig",
            "test.yaml",
            "values.yaml",
        ];
        let none: [String; 0] = [];
        assert_eq!(told(&files, &[]), none);
        assert_eq!(told(&["manifests/tasks.yml"], &[(List::AnsibleRoles, "manifests")]), none);
    }

    #[test]
    fn what_a_wrong_reference_means_is_told_once() {
        let none: [String; 0] = [];
        for (file, written) in [
            ("charts/a-1.0.0.tgz", "charts/a-1.0.1.tgz"),
            ("charts/a-1.0.0.tgz", "charts\\a-1.0.0.tgz"),
            ("charts/a-1.0.0.tgz", "a-1.0.0.tgz"),
            ("charts/a-1.0.0.tgz", "/charts/a-1.0.0.tgz"),
            ("manifests/a.yml", "./manifests/a.yaml"),
            ("manifests/a.yml", "Manifests/A.yml"),
        ] {
            assert_eq!(told(&[file], &[(List::Charts, written)]), none, "{written}");
        }
        assert_eq!(told(&["charts/a-1.0.0.tgz"], &[(List::Charts, "charts/other-7.tgz")]), ["charts/a-1.0.0.tgz"]);
    }
}
