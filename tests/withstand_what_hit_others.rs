//! What advisories tell of other tools, played against this one where no other story has it; `docs/promises.md` lists them all.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;
use spectro_pack::digest::Digest;

use crate::support::{Exchange, Outcome, Reply, Sandbox, Script, assert_same_tree, tree};

const STORE: &str = "oci-layout:store";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.spectrocloud.pack.config.v1+json";

/// Helm CVE-2024-25620, CVE-2026-35206: the name of a chart was a path that led out.
#[test]
fn the_name_of_a_chart_leads_nowhere() {
    for name in ["../../evil", "..", ".", "/tmp/evil", "a/b", "..\\\\evil", ".hidden"] {
        let sandbox = Sandbox::new();
        sandbox.write("deep/chart/Chart.yaml", format!("apiVersion: v2\nname: \"{name}\"\nversion: 1.0.0\n"));
        sandbox.write("deep/chart/values.yaml", "a: 1\n");
        sandbox.run_tool("tar", ["-C", "deep", "-czf", "deep/evil.tgz", "chart"]).success();
        let before = tree(sandbox.work());
        for source in ["evil.tgz", "chart"] {
            for more in [&["out", "--name", "fine"] as &[&str], &["out"], &[]] {
                let build = sandbox.spectro(["pack", "build", source]).args(more).cwd("deep").run();
                assert!(matches!(build.code, Some(1 | 2)), "{name}{build}");
                assert_same_tree(&before, &tree(sandbox.work()));
            }
        }
    }
}

/// Serves an artifact whose pack.json is this.
fn registry_with(metadata: &str) -> Script {
    let digest = Digest::of(metadata.as_bytes());
    let config = json!({ "mediaType": CONFIG, "digest": digest.to_string(), "size": metadata.len() });
    let text = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string();
    let manifest = Reply::new(200).header("Content-Type", MANIFEST).body(text.clone());
    let head = Reply::new(200).header("Content-Type", MANIFEST).header("Content-Length", text.len().to_string());
    let head = head.header("Docker-Content-Digest", Digest::of(text.as_bytes()).to_string());
    Script::unordered([
        Exchange::new("HEAD", "/v2/evil/manifests/1").any_number().answers(head),
        Exchange::new("GET", "/v2/evil/manifests/1").any_number().answers(manifest),
        Exchange::new("GET", &format!("/v2/evil/blobs/{digest}")).any_number().answers(Reply::new(200).body(metadata)),
    ])
}

/// The same class with packs: what pack.json says of itself becomes the folder's name with `--output-dir`.
#[test]
fn the_name_and_the_version_in_a_pack_lead_nowhere() {
    for (name, version) in
        [("../../evil", "1"), ("..", "1"), ("/tmp/evil", "1"), ("a/b", "1"), ("evil", "../../x"), ("evil", "1/../../x")]
    {
        let registry = registry_with(&json!({ "name": name, "version": version }).to_string());
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.path("deep")).unwrap();
        let pull = ["pack", "pull", "evil:1", "--output-dir", "packs", "-r", &registry.host()];
        let outcome = sandbox.spectro(pull).cwd("deep").run();
        let made: Vec<_> = tree(sandbox.work()).keys().filter(|path| !path.starts_with("deep")).cloned().collect();
        assert!(made.is_empty(), "{made:?}{outcome}");
        // A version that is none leaves the tag, by which it was asked for.
        let inside = sandbox.path("deep/packs/evil-1").is_dir();
        assert!(outcome.code != Some(0) || inside, "{outcome}");
    }
}

/// Helm CVE-2025-53547: a link in the folder that one works on led the tool's own writing elsewhere.
#[test]
fn nothing_is_written_through_a_link_in_a_folder_that_is_worked_on() {
    let sandbox = Sandbox::new();
    sandbox.write("outside", "precious\n");
    let outside = || sandbox.read_text("outside");
    // The lock file of a chart, as in the advisory.
    sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: greeter\nversion: 1.0.0\n");
    symlink("../outside", sandbox.path("chart/Chart.lock")).unwrap();
    sandbox.spectro(["pack", "build", "chart", "made"]).run().fails(1).says("holds the link `Chart.lock`");
    assert!(!sandbox.path("made").exists());
    // A pack that is pushed: the folder is only read.
    sandbox.copy_pack("golden-centos-aws");
    symlink("../outside", sandbox.path("golden-centos-aws/notes")).unwrap();
    let before = tree(sandbox.path("golden-centos-aws"));
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().fails(1).says("file-unsafe");
    assert_same_tree(&before, &tree(sandbox.path("golden-centos-aws")));
    fs::remove_file(sandbox.path("golden-centos-aws/notes")).unwrap();
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().success();
    // A folder that is replaced, with a link in a file's and in a folder's place.
    let pull =
        |more: &[&str]| sandbox.spectro(["pack", "pull", "golden-centos-aws", "back", "-r", STORE]).args(more).run();
    pull(&[]).success();
    fs::remove_file(sandbox.path("back/values.yaml")).unwrap();
    symlink("../outside", sandbox.path("back/values.yaml")).unwrap();
    fs::remove_dir_all(sandbox.path("back/harden_os")).unwrap();
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    symlink("../elsewhere", sandbox.path("back/harden_os")).unwrap();
    pull(&["-f"]).success();
    assert!(!sandbox.path("back/values.yaml").is_symlink() && !sandbox.path("back/harden_os").is_symlink());
    assert_eq!(outside(), "precious\n");
    assert_eq!(fs::read_dir(sandbox.path("elsewhere")).unwrap().count(), 0);
}

/// Pulls an artifact with one layer of this size and digest, whose bytes are others.
fn pull_layer(layer: &serde_json::Value) -> Outcome {
    let metadata = r#"{"name":"evil","version":"1"}"#;
    let config =
        json!({ "mediaType": CONFIG, "digest": Digest::of(metadata.as_bytes()).to_string(), "size": metadata.len() });
    let text = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] }).to_string();
    let registry = Script::unordered([
        Exchange::new("GET", "/v2/evil/manifests/1")
            .any_number()
            .answers(Reply::new(200).header("Content-Type", MANIFEST).body(text)),
        Exchange::new("GET", "/v2/evil/blobs/*").any_number().answers(Reply::new(200).body(metadata)),
    ]);
    let sandbox = Sandbox::new();
    let outcome = sandbox.spectro(["pack", "pull", "evil:1", "back", "-r", &registry.host()]).watch_memory().run();
    assert!(!sandbox.path("back").exists(), "{outcome}");
    assert!(registry.requests().iter().all(|request| !request.target().contains("..")), "{}", registry.summary());
    outcome
}

/// oras-go GHSA-f36w-mj3v-6jqv: a size that no machine has. containers/image CVE-2024-3727: a digest that is a path.
#[test]
fn sizes_and_digests_that_are_none_end_in_one_error_and_no_memory() {
    let digest = Digest::of(b"x").to_string();
    let layer = |digest: &str, size: serde_json::Value| {
        let title = json!({ "org.opencontainers.image.title": "x" });
        json!({ "mediaType": "application/octet-stream", "digest": digest, "size": size, "annotations": title })
    };
    for size in [json!(-1), json!(u64::MAX), json!(1e300), json!("1"), json!(null)] {
        let outcome = pull_layer(&layer(&digest, size)).fails(6);
        assert!(outcome.peak_memory < 64 << 20, "{outcome}");
    }
    for path in ["sha256:../../etc/passwd", "../../etc/passwd", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", ""] {
        pull_layer(&layer(path, json!(1))).fails(6);
    }
    // The largest size there can be is believed until the bytes say otherwise.
    let outcome = pull_layer(&layer(&digest, json!(i64::MAX)));
    assert!(matches!(outcome.code, Some(6 | 7)) && outcome.peak_memory < 64 << 20, "{outcome}");
}

/// What is pushed and pulled as it should be, so that the traps above fail for their own reason.
#[test]
fn the_traps_are_sound_without_their_teeth() {
    let registry = registry_with(r#"{"name":"evil","version":"1"}"#);
    let sandbox = Sandbox::new();
    let pull = ["pack", "pull", "evil:1", "--output-dir", "packs", "-r", &registry.host()];
    sandbox.spectro(pull).run().success();
    assert!(sandbox.path("packs/evil-1/pack.json").is_file());
    sandbox.write("chart/Chart.yaml", "apiVersion: v2\nname: greeter\nversion: 1.0.0\n");
    sandbox.spectro(["pack", "build", "chart", "made"]).run().success();
}
