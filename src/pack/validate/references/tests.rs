use super::*;

fn paths(texts: &[&str]) -> Vec<PackPath> {
    let mut paths: Vec<PackPath> = texts.iter().map(|text| text.parse().unwrap()).collect();
    paths.sort();
    paths
}

fn listing() -> Listing {
    Listing {
        files: paths(&["charts/a-1.0.0.tgz", "charts/b/Chart.yaml", "m/a.yaml", "m/b.yml", "role/tasks/main.yml"]),
        folders: paths(&["charts", "charts/b", "m", "role", "role/tasks"]),
        links: paths(&["away", "m/link.yaml"]),
        left_out: paths(&["out", "m/c.yaml"]),
    }
}

/// Returns what is told of references, each of a line of its own.
fn told(references: &[(List, &str)]) -> Vec<String> {
    let references: Vec<_> = references
        .iter()
        .enumerate()
        .map(|(index, (list, written))| Reference {
            list: *list,
            written: (*written).to_owned(),
            position: Position { line: index + 1, column: 1 },
            length: written.len() + 2,
            path: written.parse(),
        })
        .collect();
    let mut findings = Vec::new();
    check(&references, &listing(), &mut findings);
    let line = |finding: &Finding| {
        let related = finding.related.iter().map(|other| format!(" | {} {}", other.position.line, other.label));
        let related = related.collect::<Vec<_>>().concat();
        let hint = finding.hint.as_deref().map(|hint| format!(" | {hint}")).unwrap_or_default();
        format!("{} {} {}{related}{hint}", finding.position.unwrap().line, finding.code, finding.message)
    };
    findings.iter().map(line).collect()
}

#[test]
fn what_is_there_is_fine() {
    let none: [String; 0] = [];
    assert_eq!(
        told(&[
            (List::Charts, "./charts//a-1.0.0.tgz"),
            (List::KubeManifests, "m/a.yaml"),
            (List::AnsibleRoles, "role/")
        ]),
        none
    );
}

#[test]
fn what_is_not_there_says_what_could_be_meant() {
    use List::{AnsibleRoles, Charts, KubeManifests};
    let cases = [
        (
            Charts,
            "charts/a-1.0.1.tgz",
            "reference-missing `charts/a-1.0.1.tgz` is not in the pack | did you mean `charts/a-1.0.0.tgz`?",
        ),
        (
            Charts,
            "a-1.0.0.tgz",
            "reference-missing `a-1.0.0.tgz` is not in the pack | did you mean `charts/a-1.0.0.tgz`?",
        ),
        (
            Charts,
            "charts/b-2.0.0.tgz",
            "reference-missing `charts/b-2.0.0.tgz` is not in the pack | `charts/b` is the chart unpacked; in the pack's folder: helm package charts/b -d charts",
        ),
        (
            Charts,
            "charts/b",
            "reference-missing the chart `charts/b` is a folder | name its archive: helm package charts/b",
        ),
        (KubeManifests, "m", "reference-missing the manifest `m` is a folder | name each file in it"),
        (KubeManifests, "m/b.yaml", "reference-missing `m/b.yaml` is not in the pack | did you mean `m/b.yml`?"),
        (
            KubeManifests,
            "m/c.yaml",
            "reference-missing `m/c.yaml` is not in the pack | `m/c.yaml` is left out by `.packignore` or by default: take it in with `!/m/c.yaml`",
        ),
        (
            KubeManifests,
            "out/x.yaml",
            "reference-missing `out/x.yaml` is not in the pack | `out` is left out by `.packignore` or by default: take it in with `!/out`",
        ),
        (
            KubeManifests,
            "far.yaml",
            "reference-missing `far.yaml` is not in the pack | put the manifest there, or take it out of `kubeManifests`",
        ),
        (KubeManifests, "", "reference-missing `` names no manifest | delete it, or write the path within the pack"),
        (AnsibleRoles, "./", "reference-missing `./` names no role | delete it, or write the path within the pack"),
        (AnsibleRoles, "rolle", "reference-missing `rolle` is not in the pack | did you mean `role`?"),
        (
            AnsibleRoles,
            "m/a.yaml",
            "role-invalid the role `m/a.yaml` is a file | a role is a folder with `tasks/main.yml` in it",
        ),
    ];
    for (list, written, expected) in cases {
        assert_eq!(told(&[(list, written)]), [format!("1 {expected}")]);
    }
}

#[test]
fn what_leads_out_is_unsafe() {
    use List::KubeManifests;
    for (written, expected) in [
        (
            "/etc/x",
            "the path `/etc/x` is absolute | put the manifest into the pack and write its path from the pack's folder",
        ),
        (
            "a/../../x",
            "the path `a/../../x` leads upwards with `..` | put the manifest into the pack and write its path from the pack's folder",
        ),
        ("m\\a.yaml", "the path `m\\\\a.yaml` has a backslash in it | write `m/a.yaml`"),
        ("m/link.yaml", "`m/link.yaml` is a link | put a copy of what it leads to in its place"),
        ("away/x.yaml", "`away/x.yaml` leads through the link `away` | put a copy of what it leads to in its place"),
    ] {
        assert_eq!(told(&[(KubeManifests, written)]), [format!("1 reference-unsafe {expected}")]);
    }
}

#[test]
fn what_is_named_twice_or_within_a_role_is_told_with_both_places() {
    use List::{AnsibleRoles, KubeManifests};
    assert_eq!(
        told(&[(KubeManifests, "m/a.yaml"), (KubeManifests, "./m/a.yaml"), (KubeManifests, "m//a.yaml")]),
        [
            "2 reference-duplicate `m/a.yaml` is named twice in `kubeManifests` | 1 it stands here already | delete one",
            "3 reference-duplicate `m/a.yaml` is named twice in `kubeManifests` | 1 it stands here already | delete one",
        ]
    );
    assert_eq!(
        told(&[(KubeManifests, "role/tasks/main.yml"), (AnsibleRoles, "role"), (AnsibleRoles, "role/tasks")]),
        [
            "1 reference-overlap the manifest `role/tasks/main.yml` lies in the role `role` | 2 the role | move it out of the role's folder",
            "3 reference-overlap the role `role/tasks` lies in the role `role` | 2 the role | move it out of the role's folder",
        ]
    );
    assert_eq!(told(&[(AnsibleRoles, "role"), (AnsibleRoles, "role/")]).len(), 1);
}
