//! The corpus of real packs: each is read, encoded, pushed, pulled back and compared byte for byte.

use std::{collections::BTreeMap, path::Path};

use crate::support::{Corpus, Kind, RealRegistry, Sandbox, as_stored, assert_same_tree, have, needs, tree};

/// The real faults of real packs: the folder, and what is found in it.
const FAULTY: &[(&str, &str)] = &[
    // `manifests/vsclass.yaml` ends its `if` with `{- end}`, which is text.
    ("external-snapshotter-4.0.1", "\"manifest-syntax\""),
    // pack.json names `charts/gateway-api-crds-1.4.0.tgz`, which is not in the pack.
    ("haproxy-unified-gateway-1.0.1", "\"reference-missing\""),
    // The dependency on `kubernetes` has no `type`.
    ("nvidia-dra-driver-25.8.1", "\"constraint-invalid\""),
];

#[test]
fn all_real_packs_go_to_a_registry_and_come_back() {
    needs!(Corpus);
    let packs = Corpus::packs().expect("the corpus was asked for above");
    assert!(packs.len() >= 171, "{} packs", packs.len());
    for kind in Kind::ALL {
        if !have("read_real_packs::all_real_packs_go_to_a_registry_and_come_back", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::start(kind);
        round_trip(&packs, &registry.host());
    }
    round_trip(&packs, "oci-layout:store");
}

fn round_trip(packs: &[std::path::PathBuf], server: &str) {
    let sandbox = Sandbox::new();
    let directories = packs.iter().map(|pack| pack.to_str().expect("the corpus has plain names"));
    let push = || {
        let push = ["pack", "push", "-r", server, "-o", "json"].into_iter().chain(directories.clone());
        sandbox.spectro(push).limit(std::time::Duration::from_mins(5)).run()
    };
    let pushed = push();
    let json = pushed.json();
    let mut faulty = BTreeMap::new();
    let mut names = Vec::new();
    for pack in json["packs"].as_array().expect("a push prints its packs") {
        let directory = Path::new(pack["directory"].as_str().unwrap());
        let folder = directory.file_name().unwrap().to_str().unwrap().to_owned();
        if pack["result"] == "pushed" {
            names.push((
                directory.to_owned(),
                pack["name"].as_str().unwrap().to_owned(),
                pack["digest"].as_str().unwrap().to_owned(),
            ));
            continue;
        }
        let findings = pack["findings"].as_array().unwrap().iter();
        let errors: Vec<_> = findings
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| finding["code"].to_string())
            .collect();
        faulty.insert(folder, errors.join(" "));
    }
    let expected: BTreeMap<_, _> =
        FAULTY.iter().map(|(folder, what)| ((*folder).to_owned(), (*what).to_owned())).collect();
    assert_eq!(faulty, expected, "{}", pushed.stderr);
    for (directory, name, digest) in &names {
        let target = format!("back/{}", directory.file_name().unwrap().to_str().unwrap());
        sandbox.spectro(["pack", "pull", &format!("{name}@{digest}"), &target, "-r", server]).run().success();
        assert_same_tree(&as_stored(tree(directory)), &tree(sandbox.path(&target)));
    }
    let again = push().json();
    let results: Vec<_> = again["packs"].as_array().unwrap().iter().map(|pack| pack["result"].clone()).collect();
    assert_eq!(results.iter().filter(|result| **result == "unchanged").count(), names.len());
}
