//! What pack.json names must be there: reference-missing, -unsafe, -overlap, -duplicate and role-invalid.

use std::collections::{BTreeMap, BTreeSet};

use super::{metadata, nearest::nearest};
use crate::pack::{
    directory::{IGNORE_FILE, Listing},
    path::{InvalidPackPath, PackPath},
    report::{Code, Finding, Position},
};

/// A list of pack.json that names parts of the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Charts,
    KubeManifests,
    AnsibleRoles,
}

/// One entry of such a list.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) list: List,
    pub(super) written: String,
    pub(super) position: Position,
    pub(super) length: usize,
    pub(super) path: Result<PackPath, InvalidPackPath>,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Charts, Self::KubeManifests, Self::AnsibleRoles];

    /// Returns the name of the field.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Charts => "charts",
            Self::KubeManifests => "kubeManifests",
            Self::AnsibleRoles => "ansibleRoles",
        }
    }

    /// Returns what one entry is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Charts => "chart",
            Self::KubeManifests => "manifest",
            Self::AnsibleRoles => "role",
        }
    }
}

impl Reference {
    fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, message).in_file(metadata::FILE).at(self.position, self.length)
    }
}

/// Returns the paths of a list, each once, in order.
pub(super) fn paths(references: &[Reference], list: List) -> Vec<PackPath> {
    let mut seen = BTreeSet::new();
    let listed = references.iter().filter(|reference| reference.list == list);
    listed.filter_map(|reference| reference.path.as_ref().ok()).filter(|path| seen.insert(*path)).cloned().collect()
}

/// Tells what is wrong with the references of a pack.
pub(super) fn check(references: &[Reference], listing: &Listing, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(List, &PackPath), Position> = BTreeMap::new();
    for reference in references {
        let path = match &reference.path {
            Ok(path) => path,
            Err(error) => {
                findings.push(invalid(reference, error));
                continue;
            }
        };
        if let Some(place) = first.get(&(reference.list, path)) {
            let message = format!("`{path}` is named twice in `{}`", reference.list.field());
            let finding =
                reference.finding(Code::ReferenceDuplicate, message).related("it stands here already", *place);
            findings.push(finding.hint("delete one"));
            continue;
        }
        first.insert((reference.list, path), reference.position);
        findings.extend(absent(reference, path, listing));
    }
    overlaps(references, findings);
}

fn invalid(reference: &Reference, error: &InvalidPackPath) -> Finding {
    let written = &reference.written;
    match error {
        InvalidPackPath::Empty(_) => {
            let message = format!("`{written}` names no {}", reference.list.noun());
            reference.finding(Code::ReferenceMissing, message).hint("delete it, or write the path within the pack")
        }
        InvalidPackPath::Character(_, '\\') => {
            let hint = format!("write `{}`", written.replace('\\', "/"));
            reference.finding(Code::ReferenceUnsafe, error.to_string()).hint(hint)
        }
        _ => reference
            .finding(Code::ReferenceUnsafe, error.to_string())
            .hint(format!("put the {} into the pack and write its path from the pack's folder", reference.list.noun())),
    }
}

/// Returns what is wrong with what lies at a path, if anything.
fn absent(reference: &Reference, path: &PackPath, listing: &Listing) -> Option<Finding> {
    let has = |paths: &[PackPath]| paths.binary_search(path).is_ok();
    let noun = reference.list.noun();
    if let Some(link) = listing.links.iter().find(|link| path.starts_with(link)) {
        let message = format!("`{path}` leads through the link `{link}`");
        let message = if link == path { format!("`{path}` is a link") } else { message };
        let hint = "put a copy of what it leads to in its place";
        return Some(reference.finding(Code::ReferenceUnsafe, message).hint(hint));
    }
    match (reference.list, has(&listing.files), has(&listing.folders)) {
        (List::AnsibleRoles, _, true) | (List::Charts | List::KubeManifests, true, _) => None,
        (List::AnsibleRoles, true, _) => {
            let hint = "a role is a folder with `tasks/main.yml` in it";
            Some(reference.finding(Code::RoleInvalid, format!("the role `{path}` is a file")).hint(hint))
        }
        (_, _, true) => {
            let hint = match reference.list {
                List::Charts => format!("name its archive: helm package {path}"),
                _ => "name each file in it".into(),
            };
            let message = format!("the {noun} `{path}` is a folder");
            Some(reference.finding(Code::ReferenceMissing, message).hint(hint))
        }
        _ => {
            let finding = reference.finding(Code::ReferenceMissing, format!("`{path}` is not in the pack"));
            let otherwise = || format!("put the {noun} there, or take it out of `{}`", reference.list.field());
            Some(finding.hint(hint(reference, path, listing).unwrap_or_else(otherwise)))
        }
    }
}

fn hint(reference: &Reference, path: &PackPath, listing: &Listing) -> Option<String> {
    if let Some(left_out) = listing.left_out.iter().find(|left_out| path.starts_with(left_out)) {
        return Some(format!(
            "`{left_out}` is left out by `{IGNORE_FILE}` or by default: take it in with `!/{left_out}`"
        ));
    }
    let candidates = if reference.list == List::AnsibleRoles { &listing.folders } else { &listing.files };
    let in_other_case = || candidates.iter().find(|other| other.as_str().eq_ignore_ascii_case(path.as_str()));
    let elsewhere = candidates.iter().find(|other| other.file_name() == path.file_name()).or_else(in_other_case);
    if elsewhere.is_none()
        && let Some(unpacked) = unpacked_chart(reference, path, listing)
    {
        let folder = unpacked.parent().map_or_else(|| ".".to_owned(), |parent| parent.to_string());
        return Some(format!(
            "`{unpacked}` is the chart unpacked; in the pack's folder: helm package {unpacked} -d {folder}"
        ));
    }
    let neighbours = || candidates.iter().filter(|other| other.parent() == path.parent());
    let same_stem = || neighbours().find(|other| stem(other) == stem(path));
    let near = || nearest(path.as_str(), neighbours().map(PackPath::as_str));
    let meant = elsewhere.or_else(same_stem).map(PackPath::as_str).or_else(near)?;
    Some(format!("did you mean `{meant}`?"))
}

fn stem(path: &PackPath) -> &str {
    path.file_name().rsplit_once('.').map_or(path.file_name(), |(stem, _)| stem)
}

/// Returns the folder beside a missing archive `NAME-VERSION.tgz` that holds the chart NAME.
fn unpacked_chart<'a>(reference: &Reference, path: &PackPath, listing: &'a Listing) -> Option<&'a PackPath> {
    let is_it = |folder: &&PackPath| {
        let rest = path.file_name().strip_prefix(folder.file_name());
        let named = rest.is_some_and(|rest| rest.starts_with('-') || rest == ".tgz");
        named && folder.parent() == path.parent()
    };
    let has_metadata = |folder: &&PackPath| {
        folder.join("Chart.yaml").is_ok_and(|metadata| listing.files.binary_search(&metadata).is_ok())
    };
    listing.folders.iter().filter(|_| reference.list == List::Charts).filter(is_it).find(has_metadata)
}

/// A role is one layer with all it holds, so nothing in it can be a layer of its own.
fn overlaps(references: &[Reference], findings: &mut Vec<Finding>) {
    let mut roles: BTreeMap<&PackPath, &Reference> = BTreeMap::new();
    for role in references.iter().filter(|reference| reference.list == List::AnsibleRoles) {
        if let Ok(folder) = &role.path {
            roles.entry(folder).or_insert(role);
        }
    }
    for inner in references {
        let Ok(path) = &inner.path else { continue };
        let itself = (inner.list != List::AnsibleRoles).then(|| path.clone());
        let within = itself.into_iter().chain(std::iter::successors(path.parent(), PackPath::parent));
        if let Some((folder, role)) = within.filter_map(|folder| roles.get_key_value(&folder)).last() {
            let message = format!("the {} `{path}` lies in the role `{folder}`", inner.list.noun());
            let finding = inner.finding(Code::ReferenceOverlap, message).related("the role", role.position);
            findings.push(finding.hint("move it out of the role's folder"));
        }
    }
}

#[cfg(test)]
mod tests;
