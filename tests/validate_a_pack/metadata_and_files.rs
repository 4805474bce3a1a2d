//! What pack.json says that most likely is not meant, and what lies around the parts of a pack: each rule on its example.

use std::fs;

use spectro_pack::pack::{self, Day, ReadOptions};

use crate::{
    support::{Sandbox, testdata},
    validate_a_pack::{example, findings, only, permission_manager},
};

#[test]
fn names_and_versions() {
    insta::assert_snapshot!(only("field-unknown"), @"
    note[field-unknown] pack.json:10:3+14
      `addonSubtype` is no known field
      hint: did you mean `addonSubType`?
    ");
    insta::assert_snapshot!(only("name-mismatch"), @"
    note[name-mismatch] pack.json:9:14+7
      the folder is `demo-1.0.0`, and the version `1.0.1`
      hint: rename the folder to `demo-1.0.1`, or correct the version
    ");
    insta::assert_snapshot!(only("version-not-semver"), @"
    warning[version-not-semver] pack.json:9:18+2
      the version `26.02.0` is not semantic: `02` begins with a zero
      hint: write `26.2.0`
    ");
}

#[test]
fn clouds_and_types() {
    insta::assert_snapshot!(only("cloud-type-unknown"), @"
    warning[cloud-type-unknown] pack.json:5:5+9
      there is no cloud type `vshpere`
      hint: did you mean `vsphere`?
    ");
    insta::assert_snapshot!(only("addon-type-missing"), @r#"
    warning[addon-type-missing] pack.json:6:12+7
      the field `addonType` is missing, and this is an add-on
      hint: for example `"addonType": "monitoring"`; the types are ai, app services, authentication, ingress, load balancer, logging, monitoring, network, registry, security, servicemesh, storage, system app
    "#);
    insta::assert_snapshot!(only("addon-type-unknown"), @"
    warning[addon-type-unknown] pack.json:2:16+14
      there is no add-on type `app-services`
      hint: did you mean `app services`?
    ");
    insta::assert_snapshot!(only("os-image-missing"), @r#"
    warning[os-image-missing] pack.json:4:5+5
      the annotations name no image for `aws`: `imageOwner` is missing
      hint: for example `"imageOwner": "421085264799"` in `annotations`
    "#);
}

#[test]
fn ends_of_life_and_constraints() {
    insta::assert_snapshot!(only("eol-invalid"), @"
    warning[eol-invalid] pack.json:10:10+12
      the end of life `30.04.2028` is not written as `YYYY-MM-DD`
      hint: write `2028-04-30`
    ");
    insta::assert_snapshot!(only("eol-passed"), @"
    note[eol-passed] pack.json:10:10+12
      the pack's life ended on 2024-06-30
      hint: offer a newer version, or move the day
    ");
    insta::assert_snapshot!(only("constraint-invalid"), @"
    error[constraint-invalid] pack.json:16:23+6
      the dependency on `kubernetes` fits no version: `maxVersion` 1.27 is below `minVersion` 1.30
      hint: swap them, or leave one of them blank
      15:23 the least version
    ");
}

#[test]
fn what_is_beside_the_parts() {
    insta::assert_snapshot!(only("reference-unused"), @r#"
    warning[reference-unused] manifests/namespace.yaml
      `manifests/namespace.yaml` is a manifest, and pack.json does not name it
      hint: add `"manifests/namespace.yaml"` to `kubeManifests` in pack.json, or delete the file
    "#);
    insta::assert_snapshot!(only("role-tasks-missing"), @"
    warning[role-tasks-missing] pack.json:11:5+7
      the role `close` has no `tasks/main.yml`, where it would begin
      hint: put its tasks into `close/tasks/main.yml`
    ");
    insta::assert_snapshot!(only("logo-shape"), @"
    note[logo-shape] logo.png
      `logo.png` is 192 × 64 pixels, more than twice as wide as high
      hint: logos are shown in a square: leave the words out of it, or put space around it
    ");
    insta::assert_snapshot!(only("readme-missing"), @"
    note[readme-missing] the pack
      there is no `README.md`
      hint: say there what the pack does, what it needs, and which values matter
    ");
    insta::assert_snapshot!(only("file-unsafe"), @"
    error[file-unsafe] NOTES.md
      `NOTES.md` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    ");
    insta::assert_snapshot!(only("file-unreadable"), @"
    error[file-unreadable] .packignore:2:1+14
      this line of `.packignore` is no pattern: error parsing glob 'notes[z-a].txt': invalid range; 'z' > 'a'
    ");
    insta::assert_snapshot!(only("file-left-out"), @"
    note[file-left-out] drafts
      `drafts` is left out of the pack
      hint: by `.packignore` or by default; what belongs to the pack is taken in with a line such as `!/drafts` in `.packignore`
    ");
}

#[test]
fn a_list_under_another_name_says_what_it_costs() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    let metadata = sandbox.read_text(pack.join("pack.json")).replace("kubeManifests", "kubeManifest");
    sandbox.write(pack.join("pack.json"), metadata);
    insta::assert_snapshot!(findings(&pack), @"
    warning[reference-unused] manifests/permission-manager.yaml
      `manifests/permission-manager.yaml` is a manifest, and pack.json does not name it
      hint: rename `kubeManifest` in pack.json to `kubeManifests`
    note[field-unknown] pack.json:5:3+14
      `kubeManifest` is no known field
      hint: did you mean `kubeManifests`?
    ");
}

#[test]
fn no_life_is_over_where_nobody_says_which_day_it_is() {
    let told = |today| {
        let mut options = ReadOptions::default();
        options.today = today;
        pack::read(&example("eol-passed"), &options).expect("the example is there").report.notes()
    };
    let day = |text: &str| Some(text.parse::<Day>().expect("a day"));
    assert_eq!([told(None), told(day("2024-06-30")), told(day("2024-07-01"))], [0, 0, 1]);
}

#[test]
fn the_folder_is_known_by_its_name_however_it_is_given() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_folder(example("name-mismatch"), "demo-1.0.0");
    fs::create_dir(pack.join("charts")).expect("a folder");
    for directory in [".", "../demo-1.0.0/", "charts/.."] {
        let outcome = sandbox.spectro(["pack", "validate", directory]).cwd(&pack).run().success();
        outcome.prints("note[name-mismatch]: the folder is `demo-1.0.0`, and the version `1.0.1`");
    }
    let elsewhere = sandbox.copy_folder(testdata("invalid/name-mismatch/demo-1.0.0"), "demo");
    assert_eq!(findings(elsewhere), "");
}

#[test]
fn notes_are_no_talk_of_a_push() {
    let sandbox = Sandbox::new();
    sandbox.copy_folder(testdata("invalid/readme-missing"), "readme-missing");
    sandbox.copy_folder(testdata("invalid/version-not-semver"), "version-not-semver");
    let push = |name: &str| sandbox.spectro(["pack", "push", name, "-r", "oci-layout:store", "--strict"]).run();
    let outcome = push("readme-missing").success();
    assert!(!outcome.stderr.contains("note") && !outcome.stderr.contains("warning"), "{outcome}");
    push("version-not-semver").fails(1).says("version-not-semver");
}

#[test]
fn a_folder_of_packs_is_none_itself() {
    let sandbox = Sandbox::new();
    for name in ["nginx", "zot"] {
        sandbox.copy_folder(testdata("packs/permission-manager"), format!("packs/{name}"));
    }
    let told = findings(sandbox.path("packs"));
    let expected = "error[metadata-missing] the pack\n  there is no `pack.json`\n  hint: `nginx` has one: to check a folder of packs, name each of them, as in `packs/*`\n";
    assert!(told.contains(expected), "{told}");
}
