//! The archive form is what the documented `tar -czvf` and `oras push` give, so that Palette's registry sync reads it.

use serde_json::Value;

use crate::support::{Kind, RealRegistry, Sandbox, Tool, as_stored, assert_same_tree, have, needs, tree};

const PACK: &str = "prometheus-grafana";
const VERSION: &str = "9.7.2";
const REPOSITORY: &str = "spectro-packs/archive/prometheus-grafana";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack(PACK);
    sandbox
}

fn manifest(registry: &RealRegistry, repository: &str) -> Value {
    serde_json::from_slice(&registry.manifest(repository, VERSION).expect(200).body).expect("a manifest is JSON")
}

#[test]
fn the_manifest_is_the_one_that_oras_makes_of_the_same_file() {
    needs!(Oras);
    for registry in RealRegistry::every("publish_for_palette::the_manifest_is_the_one_that_oras_makes") {
        let sandbox = sandbox();
        let host = registry.host();
        let push = ["pack", "push", PACK, "--format", "archive", "-r", &host];
        sandbox.spectro(push).run().success().prints(&format!("{host}/{REPOSITORY}:{VERSION}"));
        let ours = manifest(&registry, REPOSITORY);

        let reference = format!("{host}/{REPOSITORY}:{VERSION}");
        sandbox.run_tool("oras", ["pull", "--plain-http", &reference]).success();
        let file = format!("{PACK}-{VERSION}.tar.gz");
        let as_documented = format!("{host}/documented/{PACK}:{VERSION}");
        let push = ["push", "--plain-http", "--image-spec", "v1.0", &as_documented, &file];
        sandbox.run_tool("oras", push).success();
        let mut theirs = manifest(&registry, &format!("documented/{PACK}"));
        let annotations = theirs["annotations"].as_object_mut().expect("oras stamps its manifests");
        annotations.remove("org.opencontainers.image.created").expect("oras writes when it was");
        assert!(annotations.is_empty(), "{annotations:?}");
        theirs.as_object_mut().expect("a manifest is an object").remove("annotations");
        assert_eq!(ours, theirs);
    }
}

#[test]
fn tar_and_python_list_it() {
    needs!(Oras);
    let sandbox = sandbox();
    sandbox.spectro(["pack", "push", PACK, "--format", "archive", "-r", "oci-layout:store"]).run().success();
    let reference = format!("store/{REPOSITORY}:{VERSION}");
    sandbox.run_tool("oras", ["pull", "--oci-layout", &reference]).success();
    let file = format!("{PACK}-{VERSION}.tar.gz");
    let root = format!("{PACK}-{VERSION}");
    let expected =
        ["", "pack.json", "README.md", "charts/", "charts/prometheus-grafana.tgz", "logo.png", "values.yaml"];
    let expected: Vec<_> = expected.iter().map(|name| format!("{root}/{name}")).collect();
    let listed = sandbox.run_tool("tar", ["-tzf", &file]).success().stdout;
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
    let program = "import sys, tarfile\n\
        for member in tarfile.open(sys.argv[1]): print(member.name + ('/' if member.isdir() else ''))";
    if have("publish_for_palette::tar_and_python_list_it", &[Tool::Python]) {
        let listed = sandbox.run_tool("python3", ["-c", program, &file]).success().stdout;
        assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
    }
    // And what GNU tar unpacks is the pack.
    sandbox.run_tool("tar", ["-xzf", &file]).success();
    assert_same_tree(&as_stored(tree(sandbox.path(PACK))), &tree(sandbox.path(&root)));
}

#[test]
fn what_the_documentation_s_steps_publish_is_pulled_and_inspected() {
    needs!(Oras);
    for registry in RealRegistry::every("publish_for_palette::what_the_documentation_s_steps_publish") {
        let sandbox = Sandbox::new();
        let folder = sandbox.copy_folder(crate::support::testdata("packs").join(PACK), "prometheus-grafana-9.7.2");
        let (host, file) = (registry.host(), "prometheus-grafana-9.7.2.tar.gz");
        sandbox.run_tool("tar", ["-czvf", file, "prometheus-grafana-9.7.2"]).success();
        let reference = format!("{host}/{REPOSITORY}:{VERSION}");
        sandbox.run_tool("oras", ["push", "--plain-http", "--image-spec", "v1.0", &reference, file]).success();
        let inspect = ["pack", "inspect", PACK, "--format", "archive", "-r", &host];
        sandbox.spectro(inspect).run().success().prints("Prometheus");
        let pull = ["pack", "pull", &reference, "back"];
        sandbox.spectro(pull).run().success();
        assert_same_tree(&as_stored(tree(&folder)), &tree(sandbox.path("back")));
    }
}

#[test]
fn an_archive_without_a_folder_around_its_files_says_how_it_is_made() {
    needs!(Oras, Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    let reference = format!("{}/{REPOSITORY}:{VERSION}", registry.host());
    for content in [&["."][..], &["logo.png", "pack.json", "values.yaml"]] {
        sandbox.run_tool("tar", [&["-czf", "flat.tar.gz", "-C", PACK], content].concat()).success();
        sandbox.run_tool("oras", ["push", "--plain-http", "--image-spec", "v1.0", &reference, "flat.tar.gz"]).success();
        for command in [&["pack", "inspect", &reference][..], &["pack", "pull", &reference, "back"]] {
            sandbox.spectro(command).run().fails(7).says("its files lie in no folder: pack the folder itself");
        }
    }
}

#[test]
fn a_round_trip_and_what_is_said_where_the_form_was_forgotten() {
    let sandbox = sandbox();
    let server = "oci-layout:store";
    let push = ["pack", "push", PACK, "--format", "archive", "-r", server];
    sandbox.spectro(push).run().success().prints("pushed");
    sandbox.spectro(push).run().success().prints("unchanged");
    sandbox.spectro(["pack", "pull", PACK, "x", "-r", server]).run().fails(3).says("--format archive");
    let inspect = ["pack", "inspect", "prometheus-grafana:9.7.2", "-r", server];
    sandbox.spectro(inspect).run().fails(3).says("--format archive");
    sandbox.spectro(["pack", "pull", PACK, "back", "-r", server, "--format", "archive"]).run().success();
    assert_same_tree(&as_stored(tree(sandbox.path(PACK))), &tree(sandbox.path("back")));
    // Said once for a whole repository of packs.
    sandbox.write("home/config.json", r#"{"defaultFormat": "archive"}"#);
    let home = sandbox.path("home").display().to_string();
    sandbox.spectro(["-s", &home, "pack", "pull", PACK, "again", "-r", server]).run().success();
    let layered = ["-s", &home, "pack", "push", PACK, "-r", server, "--format", "layered"];
    sandbox.spectro(layered).run().success().prints("oci-layout:store/prometheus-grafana:9.7.2");
    sandbox.write("home/config.json", r#"{"defaultFormat": "zip"}"#);
    sandbox.spectro(["-s", &home, "pack", "pull", PACK, "-r", server]).run().fails(2).says("defaultFormat");
}

#[test]
fn the_place_is_not_added_twice() {
    let sandbox = sandbox();
    let server = "oci-layout:store/spectro-packs/archive";
    let push = ["pack", "push", PACK, "--format", "archive", "-r", server];
    sandbox.spectro(push).run().success().prints("store/spectro-packs/archive/prometheus-grafana:9.7.2");
    assert!(sandbox.path("store/spectro-packs/archive/prometheus-grafana/index.json").is_file());
}
