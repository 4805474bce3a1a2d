//! The test support itself: registries start, serve, and are gone afterwards.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{
    Corpus, Entry, Kind, PASSWORD, RealRegistry, Sandbox, USER, as_stored, assert_same_tree, http, needs, tree,
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.spectrocloud.pack.config.v1+json";

/// Puts a manifest with one tiny blob as its config and its only layer.
fn put_something(registry: &RealRegistry, repository: &str, tag: &str) -> String {
    let blob = registry.put_blob(repository, b"{}");
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"{CONFIG}","digest":"{blob}","size":2}},"layers":[{{"mediaType":"{CONFIG}","digest":"{blob}","size":2}}]}}"#
    );
    registry.put_manifest(repository, tag, MANIFEST, manifest.as_bytes()).expect(201);
    manifest
}

fn serves_what_was_put(kind: Kind) {
    let registry = RealRegistry::start(kind);
    let manifest = put_something(&registry, "acme/packs/nginx", "1.0.0");
    assert_eq!(registry.manifest("acme/packs/nginx", "1.0.0").expect(200).text(), manifest);
    assert_eq!(registry.tags("acme/packs/nginx"), ["1.0.0"]);
    assert_eq!(registry.tags("acme/packs/nothing"), Vec::<String>::new());
    let host = registry.host();
    drop(registry);
    assert!(http::request(&host, "GET", "/v2/", &[], b"").is_err(), "{host} still answers after its end");
}

fn asks_for_the_password(kind: Kind) {
    let registry = RealRegistry::with(kind).password().start();
    let refused = http::request(&registry.host(), "GET", "/v2/", &[], b"").unwrap().expect(401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    put_something(&registry, "private", "1");
    assert_eq!(registry.tags("private"), ["1"]);
}

#[test]
fn distribution_serves_what_was_put() {
    needs!(Distribution);
    serves_what_was_put(Kind::Distribution);
}

#[test]
fn zot_serves_what_was_put() {
    needs!(Zot);
    serves_what_was_put(Kind::Zot);
}

#[test]
fn distribution_asks_for_the_password() {
    needs!(Distribution);
    asks_for_the_password(Kind::Distribution);
}

#[test]
fn zot_asks_for_the_password() {
    needs!(Zot);
    asks_for_the_password(Kind::Zot);
}

#[test]
fn zot_with_immutable_tags_makes_a_tag_and_never_moves_it() {
    needs!(Zot);
    // Whoever has a name is told 403, whoever has none 401.
    for (registry, status) in [
        (RealRegistry::with(Kind::Zot).immutable_tags().password().start(), 403),
        (RealRegistry::with(Kind::Zot).immutable_tags().start(), 401),
    ] {
        let manifest = put_something(&registry, "pack", "1");
        let other = manifest.replace("\"layers\"", "\"annotations\":{\"a\":\"b\"},\"layers\"");
        registry.put_manifest("pack", "2", MANIFEST, other.as_bytes()).expect(201);
        registry.put_manifest("pack", "1", MANIFEST, other.as_bytes()).expect(status);
    }
}

#[test]
fn distribution_deletes_only_where_it_is_told_so() {
    needs!(Distribution);
    for (registry, status) in [
        (RealRegistry::start(Kind::Distribution), 405),
        (RealRegistry::with(Kind::Distribution).deletion().start(), 202),
    ] {
        let manifest = put_something(&registry, "pack", "1");
        let digest = spectro_pack::digest::Digest::of(manifest.as_bytes());
        registry.request("DELETE", &format!("/v2/pack/manifests/{digest}"), &[], b"").expect(status);
    }
}

#[test]
fn a_peer_reads_the_password_registry() {
    needs!(Distribution, Oras);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    put_something(&registry, "pack", "1");
    let sandbox = Sandbox::new();
    let reference = format!("{}/pack:1", registry.host());
    let fetch = ["manifest", "fetch", "--plain-http", "-u", USER, "--password-stdin", &reference];
    sandbox.tool("oras", fetch).stdin(PASSWORD).run().success().prints(CONFIG);
    sandbox.tool("oras", fetch).stdin("wrong").run().fails(1);
}

#[test]
fn a_sandbox_has_nothing_of_the_machine_but_its_programs() {
    let sandbox = Sandbox::new();
    let listed = sandbox.run_tool("env", [] as [&str; 0]).success().stdout;
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split('=').next()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["HOME", "PATH", "TMPDIR", "XDG_RUNTIME_DIR"], "{listed}");
    let script = "read line; echo \"$line from $PWD under $(umask)\"; exit 7";
    let call = sandbox.tool("sh", ["-c", script]).umask(0o027).stdin("bytes\n").cwd(sandbox.home());
    let expected = format!("bytes from {} under 0027\n", sandbox.home().display());
    assert_eq!(call.run().fails(7).stdout, expected);
}

#[test]
fn a_signal_reaches_the_program() {
    let sandbox = Sandbox::new();
    let running = sandbox.tool("sleep", ["60"]).spawn();
    // Not INT: who runs the tests in the background of a shell has them started with INT ignored.
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.wait().code, None);
}

#[test]
fn a_tree_shows_modes_and_empty_folders() {
    let sandbox = Sandbox::new();
    sandbox.write("pack/run.sh", "#!/bin/sh\n");
    sandbox.set_mode("pack/run.sh", 0o700);
    fs::create_dir(sandbox.path("pack/empty")).unwrap();
    let stored = as_stored(tree(sandbox.path("pack")));
    assert_eq!(stored["empty/"], Entry::Folder { mode: 0o755 });
    assert!(matches!(stored["run.sh"], Entry::File { mode: 0o755, length: 10, .. }), "{stored:?}");
    let copy = sandbox.copy_folder(sandbox.path("pack"), "copy");
    assert_same_tree(&tree(sandbox.path("pack")), &tree(&copy));
    fs::set_permissions(copy.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_ne!(tree(sandbox.path("pack")), tree(copy));
}

#[test]
fn the_corpus_has_packs() {
    needs!(Corpus);
    let packs = Corpus::packs().unwrap();
    assert!(packs.iter().all(|pack| pack.join("pack.json").is_file()), "a folder without pack.json in {packs:?}");
}
