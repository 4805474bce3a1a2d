//! What a role must have: role-tasks-missing.

use std::collections::BTreeSet;

use super::{
    metadata,
    nearest::nearest,
    references::{List, Reference},
};
use crate::pack::{
    directory::{IGNORE_FILE, Listing},
    path::PackPath,
    report::{Code, Finding},
};

/// Where Ansible begins, in the order in which it looks.
const BEGINNINGS: [&str; 4] = ["tasks/main.yml", "tasks/main.yaml", "tasks/main.json", "tasks/main"];

/// Tells which roles have no tasks to begin with. Roles that are no folder are told elsewhere.
pub(super) fn check(references: &[Reference], listing: &Listing, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for reference in references.iter().filter(|reference| reference.list == List::AnsibleRoles) {
        let Ok(role) = &reference.path else { continue };
        if listing.folders.binary_search(role).is_err() || !seen.insert(role) || has_beginning(role, listing) {
            continue;
        }
        let message = format!("the role `{role}` has no `tasks/main.yml`, where it would begin");
        let finding = Finding::new(Code::RoleTasksMissing, message).in_file(metadata::FILE);
        findings.push(finding.at(reference.position, reference.length).hint(hint(role, listing)));
    }
}

fn has_beginning(role: &PackPath, listing: &Listing) -> bool {
    let mut paths = BEGINNINGS.iter().filter_map(|beginning| role.join(beginning).ok());
    // What is a link is told as one.
    paths.any(|path| {
        listing.files.binary_search(&path).is_ok() || listing.links.iter().any(|link| path.starts_with(link))
    })
}

fn hint(role: &PackPath, listing: &Listing) -> String {
    let wanted = format!("{role}/tasks/main.yml");
    let left_out = |path: &&PackPath| wanted.parse::<PackPath>().is_ok_and(|wanted| wanted.starts_with(path));
    if let Some(path) = listing.left_out.iter().find(left_out) {
        return format!("`{path}` is left out by `{IGNORE_FILE}` or by default: take it in with `!/{path}`");
    }
    let inside = || listing.files.iter().filter(|file| file.starts_with(role) && is_yaml(file));
    let main = || inside().find(|file| matches!(file.file_name(), "main.yml" | "main.yaml") && is_like_tasks(file));
    let near = || nearest(&wanted, inside().map(PackPath::as_str));
    match near().or_else(|| main().map(PackPath::as_str)) {
        Some(meant) => format!("move `{meant}` to `{wanted}`"),
        None => format!("put its tasks into `{wanted}`"),
    }
}

fn is_yaml(file: &PackPath) -> bool {
    [".yml", ".yaml"].iter().any(|ending| file.file_name().ends_with(ending))
}

/// Returns whether a `main.yml` lies where no other main file of a role does.
fn is_like_tasks(file: &PackPath) -> bool {
    let folder = file.parent();
    let folder = folder.as_ref().map_or("", PackPath::file_name);
    !matches!(folder, "handlers" | "defaults" | "vars" | "meta" | "argument_specs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::report::Position;

    fn told(files: &[&str], left_out: &[&str]) -> Vec<String> {
        let paths = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<PackPath>>();
        let listing = Listing {
            files: paths(files),
            folders: paths(&["role"]),
            left_out: paths(left_out),
            links: paths(&["role/link"]),
        };
        let reference = || Reference {
            list: List::AnsibleRoles,
            written: "role".into(),
            position: Position { line: 3, column: 5 },
            length: 6,
            path: "role/".parse(),
        };
        let mut findings = Vec::new();
        check(&[reference(), reference()], &listing, &mut findings);
        findings.into_iter().map(|finding| finding.hint.unwrap()).collect()
    }

    #[test]
    fn a_role_begins_where_ansible_begins() {
        let none: [String; 0] = [];
        for beginning in BEGINNINGS {
            assert_eq!(told(&[&format!("role/{beginning}")], &[]), none);
        }
        for (files, left_out, hint) in [
            (&["role/files/run.sh"][..], &[][..], "put its tasks into `role/tasks/main.yml`"),
            (&["role/handlers/main.yml"], &[], "put its tasks into `role/tasks/main.yml`"),
            (&["role/main.yml"], &[], "move `role/main.yml` to `role/tasks/main.yml`"),
            (&["role/task/main.yaml"], &[], "move `role/task/main.yaml` to `role/tasks/main.yml`"),
            (&["role/tasks/Main.yml"], &[], "move `role/tasks/Main.yml` to `role/tasks/main.yml`"),
            (&["other/tasks/main.yml"], &[], "put its tasks into `role/tasks/main.yml`"),
            (
                &[],
                &["role/tasks"],
                "`role/tasks` is left out by `.packignore` or by default: take it in with `!/role/tasks`",
            ),
        ] {
            assert_eq!(told(files, left_out), [hint], "{files:?}");
        }
    }
}
