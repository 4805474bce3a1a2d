//! Packs are copied between registries, local stores and archive files, with the same digests; other tools read the copies.

mod archive_files;
mod referrers;

use crate::support::{
    Fault, FaultProxy, Kind, Moment, PASSWORD, RealRegistry, Reply, Sandbox, TokenService, USER, as_stored,
    assert_same_tree, needs, tree,
};

const STORE: &str = "oci-layout:./packs";

/// Pushes `permission-manager` in these versions to a server.
fn push_versions(sandbox: &Sandbox, server: &str, versions: &[&str]) {
    sandbox.copy_pack("permission-manager");
    let metadata = sandbox.read_text("permission-manager/pack.json");
    for version in versions {
        sandbox.write("permission-manager/pack.json", metadata.replace("\"1.0.0\"", &format!("\"{version}\"")));
        sandbox.spectro(["pack", "push", "permission-manager", "-r", server]).run().success();
    }
    sandbox.write("permission-manager/pack.json", metadata);
}

fn copy(sandbox: &Sandbox, words: &[&str]) -> crate::support::Outcome {
    sandbox.spectro(["pack", "copy"]).args(words).run()
}

/// Returns the digest that a reference has.
fn digest(sandbox: &Sandbox, reference: &str) -> String {
    let json = sandbox.spectro(["pack", "inspect", reference, "-o", "json"]).run().success().json();
    json["packs"][0]["digest"].as_str().expect("a pack has a digest").to_owned()
}

#[test]
fn a_pack_goes_from_everywhere_to_everywhere_with_its_digest() {
    for registry in RealRegistry::every("copy_packs::a_pack_goes_from_everywhere_to_everywhere") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, STORE, &["1.0.0"]);
        let host = registry.host();
        let original = digest(&sandbox, "oci-layout:./packs/permission-manager:1.0.0");
        copy(&sandbox, &["oci-layout:./packs/permission-manager:1.0.0", &format!("{host}/mirror")])
            .success()
            .prints(&format!("{host}/mirror/permission-manager:1.0.0\n{original}  copied, "));
        let again = copy(&sandbox, &["permission-manager", &format!("{host}/mirror"), "-r", STORE]).success();
        again.prints("unchanged").says("newest of 1 version: permission-manager:1.0.0");
        copy(&sandbox, &[&format!("{host}/mirror/permission-manager:1.0.0"), "oci-archive:carry.tar"])
            .success()
            .prints("oci-archive:carry.tar:permission-manager:1.0.0");
        copy(&sandbox, &["oci-archive:carry.tar", "oci-layout:./other"]).success().prints(&original);
        assert_eq!(digest(&sandbox, "oci-archive:carry.tar"), original);
        sandbox.spectro(["pack", "pull", "permission-manager", "back", "-r", "oci-layout:./other"]).run().success();
        let pulled =
            sandbox.spectro(["pack", "pull", "oci-archive:carry.tar:permission-manager:1.0.0", "carried"]).run();
        pulled.success();
        for folder in ["back", "carried"] {
            assert_same_tree(&as_stored(tree(sandbox.path("permission-manager"))), &tree(sandbox.path(folder)));
        }
        let by_digest = format!("{host}/mirror/permission-manager@{original}");
        copy(&sandbox, &[&by_digest, "oci-layout:./by-digest"]).success().prints("permission-manager:1.0.0\n");
    }
}

#[test]
fn blobs_are_mounted_on_one_server_and_not_sent() {
    for registry in RealRegistry::every("copy_packs::blobs_are_mounted_on_one_server") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &format!("{}/a", registry.host()), &["1.0.0"]);
        let proxy = FaultProxy::before(&registry);
        let (from, to) = (format!("{}/a/permission-manager:1.0.0", proxy.host()), format!("{}/b", proxy.host()));
        let planned = copy(&sandbox, &[&from, &to, "--dry-run"]).success();
        if registry.kind() == Kind::Distribution {
            // zot says of every blob that it has it, in whichever repository.
            planned.prints("mount     values.yaml").prints("to mount");
        }
        assert_eq!(proxy.count("POST", "/blobs/uploads/"), 0, "a dry run writes nothing");
        proxy.clear();
        let copied = copy(&sandbox, &[&from, &to]).success();
        assert!(
            copied.stdout.contains("copied, 0 B sent, ") && copied.stdout.contains(" blobs mounted"),
            "{}",
            copied.stdout
        );
        assert_eq!(proxy.count("GET", "/blobs/"), 1, "only pack.json is read: {}", proxy.summary());
        sandbox.spectro(["pack", "pull", "permission-manager", "back", "-r", &to]).run().success();
    }
}

#[test]
fn a_mount_asks_for_a_token_of_both_repositories() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    let sandbox = Sandbox::new();
    let host = registry.host();
    let run = |words: &[&str]| {
        let command = sandbox.spectro(["pack"]).args(words);
        command.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success()
    };
    sandbox.copy_pack("permission-manager");
    run(&["push", "permission-manager", "-r", &format!("{host}/a")]);
    run(&["copy", &format!("{host}/a/permission-manager:1.0.0"), &format!("{host}/b")]).prints("mounted");
    let scopes = tokens.scopes();
    assert!(
        scopes.iter().any(|scope| {
            scope.iter().any(|scope| scope == "repository:b/permission-manager:pull,push")
                && scope.iter().any(|scope| scope == "repository:a/permission-manager:pull")
        }),
        "{scopes:?}"
    );
}

#[test]
fn a_copy_that_broke_off_goes_on_where_it_was() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let big: Vec<u8> = (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    sandbox.write("golden-centos-aws/big.bin", big);
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().success();
    let proxy = FaultProxy::before(&registry);
    proxy.on("PUT", "/manifests/").answer(Reply::new(503));
    let words = ["oci-layout:./packs/golden-centos-aws:7.7.1908", &proxy.host(), "--retries", "0"];
    let broken = copy(&sandbox, &words).fails(8);
    broken.says("copy again to go on");
    proxy.heal();
    proxy.clear();
    let json = copy(&sandbox, &[&words[..], &["-o", "json"]].concat()).success().json();
    let sent = json["packs"][0]["bytesSent"].as_u64().unwrap();
    assert!(sent < 10_000, "only what is smaller than the question whether it is there goes again: {sent}");

    // A download that breaks off goes on within one run.
    proxy.on("GET", "/blobs/").times(2).fault(Fault::Reset(Moment::DuringAnswer(100)));
    let from = format!("{}/golden-centos-aws:7.7.1908", proxy.host());
    sandbox.spectro(["pack", "copy", &from, "oci-layout:./again"]).run().success();
}

#[test]
fn versions_are_chosen_by_range_and_other_content_is_not_overwritten() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0", "1.2.0", "1.10.0", "2.0.0"]);
    let tags = |store: &str| {
        let json =
            sandbox.spectro(["pack", "ls", "permission-manager", "-r", store, "-o", "json"]).run().success().json();
        let tags =
            json["versions"].as_array().unwrap().iter().map(|version| version["tag"].as_str().unwrap().to_owned());
        tags.collect::<Vec<_>>()
    };
    let base = ["permission-manager", "-r", STORE];
    let some = |words: &[&str]| copy(&sandbox, &[&base[..], words].concat());
    some(&["oci-layout:./some", "--versions", ">=1.2 <2"]).success().prints("2 copied, ");
    assert_eq!(tags("oci-layout:./some"), ["1.10.0", "1.2.0"]);
    some(&["oci-layout:./some", "--all-versions"]).success().prints("2 copied, 2 unchanged, ");
    assert_eq!(tags("oci-layout:./some"), ["2.0.0", "1.10.0", "1.2.0", "1.0.0"]);
    some(&["oci-layout:./some", "--versions", ">=9"]).fails(3).says("has no version in `>=9`");
    some(&["oci-layout:./some", "--versions", "new"]).fails(2).says("is no range of versions");
    copy(&sandbox, &["permission-manager:1.0.0", "oci-layout:./x", "--all-versions", "-r", STORE]).fails(2);

    let values = sandbox.read_text("permission-manager/values.yaml");
    sandbox.write("permission-manager/values.yaml", format!("{values}\n# other\n"));
    sandbox.spectro(["pack", "push", "permission-manager", "-r", "oci-layout:./other"]).run().success();
    let one = |more: &[&str]| {
        let words = ["oci-layout:./packs/permission-manager:1.0.0", "oci-layout:./other"];
        copy(&sandbox, &[&words[..], more].concat())
    };
    one(&["--dry-run"]).fails(5).prints("would be refused: the tag has other content");
    let conflict = one(&[]).fails(5);
    conflict.says("already exists").says("there: sha256:").says("--force");
    one(&["-f"]).success().prints("overwrote sha256:");
    copy(&sandbox, &["nothing:1", "oci-layout:./x", "-r", STORE]).fails(3);
    copy(&sandbox, &["permission-manager:9", "oci-layout:./x", "-r", STORE]).fails(3);
    assert!(!sandbox.path("x").exists());
}

#[test]
fn a_copy_takes_the_other_form_where_asked() {
    for registry in RealRegistry::every("copy_packs::a_copy_takes_the_other_form") {
        let sandbox = Sandbox::new();
        let host = registry.host();
        sandbox.copy_pack("golden-centos-aws");
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE, "--format", "archive"]).run().success();
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().success();
        copy(&sandbox, &["golden-centos-aws:7.7.1908", &host, "--format", "archive", "-r", STORE])
            .success()
            .prints(&format!("{host}/spectro-packs/archive/golden-centos-aws:7.7.1908\n"));
        let archived = digest(&sandbox, "oci-layout:./packs/spectro-packs/archive/golden-centos-aws:7.7.1908");
        assert_eq!(digest(&sandbox, &format!("{host}/spectro-packs/archive/golden-centos-aws:7.7.1908")), archived);
        let source = format!("{host}/spectro-packs/archive/golden-centos-aws:7.7.1908");
        copy(&sandbox, &[&source, &host, "--format", "layered"]).success();
        let layered = digest(&sandbox, "oci-layout:./packs/golden-centos-aws:7.7.1908");
        assert_eq!(digest(&sandbox, &format!("{host}/golden-centos-aws:7.7.1908")), layered, "as a push gives it");
        // An archive stays one, in its place.
        copy(&sandbox, &[&source, &format!("{host}/x")])
            .success()
            .prints("/x/spectro-packs/archive/golden-centos-aws:");
        copy(&sandbox, &[&source, &host, "--format", "layered", "--referrers"]).fails(2);
    }
}

#[test]
fn peers_list_and_read_what_was_copied() {
    needs!(Distribution, Skopeo, Crane);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0", "2.0.0"]);
    copy(&sandbox, &["permission-manager", &registry.host(), "--all-versions", "-r", STORE]).success();
    let name = format!("{}/permission-manager", registry.host());
    let listed = sandbox.tool("crane", ["ls", "--insecure", &name]).run().success().stdout;
    let mut listed: Vec<_> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(listed, ["1.0.0", "2.0.0"]);
    let words = ["inspect", "--raw", "--tls-verify=false", &format!("docker://{name}:2.0.0")];
    let raw = sandbox.tool("skopeo", words).run().success().stdout;
    assert!(raw.contains("permission-manager") || raw.contains("layers"), "{raw}");
    let crane = sandbox.tool("crane", ["digest", "--insecure", &format!("{name}:2.0.0")]).run().success().stdout;
    assert_eq!(crane.trim(), digest(&sandbox, "oci-layout:./packs/permission-manager:2.0.0"));
}

#[test]
fn what_is_no_pack_is_not_copied_and_credentials_are_for_one_server() {
    needs!(Distribution, Oras);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    sandbox.write("notes.txt", "hello");
    let other = format!("{}/notes:1", registry.host());
    let words = ["push", "--plain-http", &other, "--artifact-type", "text/notes", "notes.txt:text/plain"];
    sandbox.tool("oras", words).run().success();
    copy(&sandbox, &[&other, "oci-layout:./x"]).fails(3).says("is an artifact of the type `text/notes`, not a pack");
    push_versions(&sandbox, &registry.host(), &["1.0.0"]);
    let source = format!("{}/permission-manager:1.0.0", registry.host());
    let two = sandbox.spectro(["pack", "copy", &source, "127.0.0.1:1"]);
    let two = two.env("SPECTRO_USERNAME", "ci").env("SPECTRO_PASSWORD", "p").run().fails(2);
    two.says("are for one server, and there are").says("spectro registry login");
    copy(&sandbox, &[&source]).fails(2);
    // As other tools name a copy.
    let named = format!("{}/mirror/permission-manager:1.0.0", registry.host());
    let parent = format!("a copy keeps the name and the version: write {}/mirror\n", registry.host());
    copy(&sandbox, &[&source, &named]).fails(2).says(&parent);
    let note = format!("`{host}/permission-manager/permission-manager`", host = registry.host());
    let target = format!("{}/permission-manager", registry.host());
    copy(&sandbox, &[&source, &target, "--dry-run"]).success().says(&note);
    copy(&sandbox, &[&source, "./packs"]).fails(2).says("as a store it is written `oci-layout:./packs`");
}
