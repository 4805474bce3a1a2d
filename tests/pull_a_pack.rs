//! A pack comes back byte for byte.

use std::os::unix::fs::PermissionsExt as _;

use spectro_pack::digest::Digest;

use crate::support::{
    Fault, FaultProxy, Kind, RealRegistry, Sandbox, Tree, as_stored, assert_same_tree, needs, testdata, tree,
};

/// The good packs that the project comes with.
fn packs() -> Vec<String> {
    let folder = std::fs::read_dir(testdata("packs")).expect("testdata/packs is there");
    let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

#[test]
fn every_pack_comes_back_byte_for_byte_from_everywhere() {
    let sandbox = Sandbox::new();
    let registries = RealRegistry::every("pull_a_pack::every_pack_comes_back");
    let mut servers: Vec<_> = registries.iter().map(|registry| format!("{}/acme", registry.host())).collect();
    servers.push("oci-layout:store".into());
    for name in packs() {
        let folder = sandbox.copy_pack(&name);
        // What git does not keep and a pack may have.
        std::fs::create_dir_all(folder.join("extra/empty/deep")).unwrap();
        sandbox.write(format!("{name}/extra/ünïcode ✓.txt"), "x");
        let long = format!("{name}/extra/{}/{}.txt", "d".repeat(120), "f".repeat(200));
        sandbox.write(&long, "");
        sandbox.set_mode(&long, 0o755);
        let before = as_stored(tree(&folder));
        for (index, server) in servers.iter().enumerate() {
            sandbox.spectro(["pack", "push", &name, "-r", server]).run().success();
            let target = format!("back/{index}/{name}");
            sandbox.spectro(["pack", "pull", &name, &target, "-r", server]).run().success().prints("pulled");
            assert_same_tree(&before, &tree(sandbox.path(&target)));
        }
    }
}

#[test]
fn a_logo_that_is_something_else_comes_back_as_it_was() {
    for (number, logo) in [&b"<html>"[..], b"", b"GIF89a", b"\xff\xd8\xff"].into_iter().enumerate() {
        let sandbox = Sandbox::new();
        let folder = sandbox.copy_pack("golden-centos-aws");
        sandbox.write("golden-centos-aws/logo.png", logo);
        let push = ["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"];
        sandbox.spectro(push).run().success().says("1 warning in golden-centos-aws");
        let target = format!("back-{number}");
        sandbox.spectro(["pack", "pull", "golden-centos-aws", &target, "-r", "oci-layout:store"]).run().success();
        assert_same_tree(&as_stored(tree(&folder)), &tree(sandbox.path(&target)));
        sandbox.spectro(["pack", "inspect", "golden-centos-aws"]).run().success().prints("logo       logo.png");
    }
}

fn pushed() -> (Sandbox, Tree) {
    let sandbox = Sandbox::new();
    let folder = sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"]).run().success();
    let before = as_stored(tree(folder));
    (sandbox, before)
}

#[test]
fn the_default_target_is_name_and_version() {
    let (sandbox, before) = pushed();
    let pull = sandbox.spectro(["pack", "pull", "golden-centos-aws", "-r", "oci-layout:store"]).run().success();
    pull.prints("./golden-centos-aws-7.7.1908\nsha256:").says("newest of 1 version: golden-centos-aws:7.7.1908");
    assert_same_tree(&before, &tree(sandbox.path("golden-centos-aws-7.7.1908")));
    let json = ["pack", "pull", "oci-layout:store/golden-centos-aws:7.7.1908", "json", "-o", "json"];
    let json = sandbox.spectro(json).run().success().json();
    assert_eq!((&json["packs"][0]["result"], &json["schemaVersion"]), (&"pulled".into(), &1.into()));
    assert_eq!(json["packs"][0]["version"], "7.7.1908");
}

#[test]
fn a_digest_may_be_named() {
    let (sandbox, before) = pushed();
    let shown = sandbox.spectro(["pack", "inspect", "golden-centos-aws", "-o", "json"]).run().success().json();
    let digest = shown["packs"][0]["digest"].as_str().unwrap();
    for (name, target) in
        [(format!("golden-centos-aws@{digest}"), "a"), (format!("golden-centos-aws:7.7.1908@{digest}"), "b")]
    {
        sandbox.spectro(["pack", "pull", &name, target, "-r", "oci-layout:store"]).run().success();
        assert_same_tree(&before, &tree(sandbox.path(target)));
    }
    let other = format!("golden-centos-aws@sha256:{}", "0".repeat(64));
    sandbox.spectro(["pack", "pull", &other, "c", "-r", "oci-layout:store"]).run().fails(3);
    assert!(!sandbox.path("c").exists());
}

#[test]
fn modes_are_kept_whatever_the_umask_allows() {
    let (sandbox, _) = pushed();
    for (umask, file, executable) in [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)] {
        let target = format!("umask{umask:o}");
        let pull = ["pack", "pull", "golden-centos-aws", &target, "-r", "oci-layout:store"];
        sandbox.spectro(pull).umask(umask).run().success();
        let mode =
            |path: &str| sandbox.path(format!("{target}/{path}")).metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("pack.json"), mode("harden_os/files/sec_harden.sh")), (file, executable));
    }
}

#[test]
fn a_full_target_is_refused_and_force_replaces_only_the_same_pack() {
    let (sandbox, before) = pushed();
    let pull = |target: &str, more: &[&str]| {
        sandbox.spectro(["pack", "pull", "golden-centos-aws", target, "-r", "oci-layout:store"]).args(more).run()
    };
    pull("target", &[]).success();
    sandbox.write("target/mine.txt", "precious");
    let kept = tree(sandbox.path("target"));
    pull("target", &[]).fails(5);
    assert_same_tree(&kept, &tree(sandbox.path("target")));
    pull("target", &["-f"]).success().prints("replaced");
    assert_same_tree(&before, &tree(sandbox.path("target")));

    sandbox.copy_pack("permission-manager");
    sandbox.write("notes/todo.txt", "precious");
    sandbox.write("a-file", "precious");
    let all = tree(sandbox.work());
    for target in ["permission-manager", "notes", "a-file", ".", "..", "/"] {
        pull(target, &["-f"]).fails(5);
    }
    assert_same_tree(&all, &tree(sandbox.work()));
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    pull("empty", &[]).success();
    assert_same_tree(&before, &tree(sandbox.path("empty")));
}

#[test]
fn a_broken_download_goes_on_where_it_stopped_and_wrong_bytes_are_refused() {
    for registry in RealRegistry::every("pull_a_pack::a_broken_download_goes_on") {
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let bytes: Vec<u8> =
            (0..3_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        sandbox.write("golden-centos-aws/big.bin", &bytes);
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
        let before = as_stored(tree(sandbox.path("golden-centos-aws")));
        let proxy = FaultProxy::before(&registry);
        let is_big =
            |request: &crate::support::Recorded| request.is("GET", "/blobs/") && request.header("range").is_none();
        let pull = |target: &str, more: &[&str]| {
            sandbox.spectro(["pack", "pull", "golden-centos-aws", target, "-r", &proxy.host()]).args(more).run()
        };
        proxy.when(is_big).times(12).fault(Fault::Truncate(1_000_000));
        pull("cut", &[]).success();
        assert_same_tree(&before, &tree(sandbox.path("cut")));
        let ranged =
            proxy.requests().into_iter().filter(|request| request.header("range") == Some("bytes=1000000-")).count();
        assert_eq!(ranged, 1, "{}", proxy.summary());

        let listing = tree(sandbox.work());
        // A file in which nobody but its digest sees what is wrong.
        let big = format!("/blobs/{}", Digest::of(&bytes));
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            proxy.heal();
            proxy.on("GET", &big).fault(Fault::Flip(place as u64));
            let outcome = pull("flipped", &[]).fails(6);
            outcome.says("layer `big.bin` is not what its manifest promises").says("has bytes with the digest sha256:");
        }
        proxy.heal();
        proxy.on("GET", "/blobs/").fault(Fault::Flip(3));
        pull("flipped", &[]).fails(6);
        proxy.heal();
        proxy.on("GET", "/manifests/").fault(Fault::Flip(3));
        pull("flipped", &[]).fails(6);
        proxy.heal();
        proxy.on("GET", "/blobs/").fault(Fault::Truncate(100));
        pull("short", &["--retries", "0"]).fails(8);
        assert_same_tree(&listing, &tree(sandbox.work()));
    }
}

#[test]
fn what_is_no_pack_is_called_by_its_name() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let blob = registry.put_blob("charts/nginx", b"{}");
    let text = |config: &str, layer: &str| {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{manifest}","config":{{"mediaType":"{config}","digest":"{blob}","size":2}},"layers":[{{"mediaType":"{layer}","digest":"{blob}","size":2}}]}}"#
        )
    };
    let chart = text("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    registry.put_manifest("charts/nginx", "1.2", manifest, chart.as_bytes()).expect(201);
    let image = text("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip");
    registry.put_manifest("charts/nginx", "2.0", manifest, image.as_bytes()).expect(201);
    let server = format!("{}/charts", registry.host());
    for (tag, what) in [("1.2", "a Helm chart"), ("2.0", "a container image")] {
        for command in ["pull", "inspect"] {
            let name = format!("nginx:{tag}");
            let outcome = sandbox.spectro(["pack", command, &name, "-r", &server]).run().fails(3);
            outcome.says(&format!("error: `{name}` in `{server}` is {what}, not a pack"));
        }
    }
    sandbox.spectro(["pack", "pull", "nginx:9", "-r", &server]).run().fails(3);
    sandbox.spectro(["pack", "pull", "other", "-r", &server]).run().fails(3);
    assert_eq!(std::fs::read_dir(sandbox.work()).unwrap().count(), 0);
}
