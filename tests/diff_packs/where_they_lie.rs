use std::collections::BTreeSet;

use super::{Demo, OLD};
use crate::support::{
    Fault, FaultProxy, Kind, PASSWORD, RealRegistry, Sandbox, USER,
    layout::{names, stored},
    needs,
};

fn push(sandbox: &Sandbox, folder: &str, server: &str, more: &[&str]) {
    sandbox.spectro(["pack", "push", folder, "-r", server]).args(more).run().success();
}

/// Returns a sandbox with two versions of a pack in `old` and `new`: pack.json and values.yaml differ, the chart, the logo and the README don't.
fn two_versions() -> Sandbox {
    let sandbox = Sandbox::new();
    OLD.write(&sandbox, "old");
    Demo { version: "1.1.0", values: "    replicas: 3\n", ..OLD }.write(&sandbox, "new");
    sandbox
}

#[test]
fn layers_that_both_have_are_not_fetched() {
    for registry in RealRegistry::every("diff_packs::layers_that_both_have_are_not_fetched") {
        let sandbox = two_versions();
        for folder in ["old", "new"] {
            push(&sandbox, folder, &registry.host(), &[]);
            push(&sandbox, folder, "oci-layout:store", &[]);
        }
        let proxy = FaultProxy::before(&registry);
        let diff = |words: &[&str]| {
            proxy.clear();
            sandbox.spectro(["pack", "diff"]).args(words).args(["-r", &proxy.host()]).run()
        };
        let layers = |version| {
            let stored = stored(&sandbox.path("store"), "demo", version).expect("it was pushed");
            let digests = stored
                .layers
                .iter()
                .map(|(title, bytes)| (title.clone(), spectro_pack::digest::Digest::of(bytes).to_string()));
            digests.filter(|(title, _)| title != "config").collect::<BTreeSet<_>>()
        };
        let (old, new) = (layers("1.0.0"), layers("1.1.0"));
        let fetched = || -> BTreeSet<String> {
            let requests = proxy.select("GET", "/blobs/").into_iter();
            requests.map(|request| request.target().rsplit('/').next().unwrap_or_default().to_owned()).collect()
        };

        diff(&["demo:1.0.0", "demo:1.1.0"]).fails(1).prints("~ charts.demo.replicas: 1 → 3");
        let differ = old.symmetric_difference(&new).map(|(_, digest)| digest.clone()).collect();
        assert_eq!(old.intersection(&new).count(), 3, "the chart, the logo and the README are the same");
        assert_eq!(fetched(), differ, "{}", proxy.summary());
        assert_eq!(proxy.count("GET", "/blobs/"), 4, "each is fetched once: {}", proxy.summary());
        diff(&["demo:1.0.0", "demo:1.1.0", "--text"]).fails(1);
        assert_eq!(fetched(), differ, "{}", proxy.summary());

        let of_old: BTreeSet<String> = old.difference(&new).map(|(_, digest)| digest.clone()).collect();
        diff(&["demo:1.0.0", "./new"]).fails(1).prints("~ charts.demo.replicas: 1 → 3");
        assert_eq!(fetched(), of_old, "a folder's own layers are known: {}", proxy.summary());

        diff(&["demo:1.0.0", "./old"]).success().prints("are the same: sha256:");
        diff(&["demo:1.1.0", "demo"]).success().says("newest of 2 versions: demo:1.1.0");
        assert_eq!(fetched(), BTreeSet::new(), "{}", proxy.summary());
    }
}

#[test]
fn a_pack_is_the_same_wherever_it_lies_and_in_whatever_form() {
    for registry in RealRegistry::every("diff_packs::a_pack_is_the_same_wherever_it_lies") {
        let sandbox = two_versions();
        sandbox.copy_pack("golden-centos-aws");
        let host = registry.host();
        push(&sandbox, "old", &host, &["-m", "first"]);
        push(&sandbox, "old", &host, &["--format", "archive"]);
        push(&sandbox, "golden-centos-aws", &host, &[]);
        push(&sandbox, "golden-centos-aws", "oci-layout:store", &["--format", "archive"]);
        let digest = sandbox.spectro(["pack", "inspect", "demo", "-r", &host, "-o", "json"]).run().success().json();
        let digest = digest["packs"][0]["digest"].as_str().expect("a digest").to_owned();
        let diff = |a: &str, b: &str| sandbox.spectro(["pack", "diff", a, b]).run();
        let layered = format!("{host}/demo:1.0.0");
        let archive = format!("{host}/spectro-packs/archive/demo:1.0.0");
        diff(&layered, "./old").success().prints("have the same files");
        diff(&archive, "./old").success().prints("are the same");
        diff(&layered, &archive)
            .success()
            .prints(&format!("{layered} (layered, {digest}) and {archive} (archive, sha256:"));
        diff(&format!("{host}/demo@{digest}"), &layered).success().prints("are the same");
        let aws = format!("{host}/golden-centos-aws:7.7.1908");
        let kept = "oci-layout:store/spectro-packs/archive/golden-centos-aws:7.7.1908";
        diff(&aws, kept).success();
        diff(&archive, "./new").fails(1).prints("~ charts.demo.replicas: 1 → 3");
        diff(&archive, kept).fails(1).prints("+ harden_os/tasks/main.yml");
        let quiet = sandbox.spectro(["pack", "diff", "./old", "./new", "-q"]).run().fails(1);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
        // What is only read may lie where nothing can be written.
        sandbox.set_mode("old", 0o555);
        diff("./old", "./new").fails(1);
        sandbox.set_mode("old", 0o755);
        assert_eq!(names(&sandbox.temporary()), [""; 0], "nothing is left behind");
    }
}

#[test]
fn what_cannot_be_compared_is_named() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = two_versions();
    let host = registry.host();
    push(&sandbox, "old", &host, &[]);
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let blob = registry.put_blob("nginx", b"{}");
    let chart = format!(
        r#"{{"schemaVersion":2,"mediaType":"{manifest}","config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{blob}","size":2}},"layers":[]}}"#
    );
    registry.put_manifest("nginx", "1.2", manifest, chart.as_bytes()).expect(201);
    std::fs::create_dir(sandbox.path("empty")).expect("a new folder can be made");
    sandbox.copy_folder(sandbox.path("old"), "broken");
    sandbox.write("broken/pack.json", "{}");
    let diff = |a: &str, b: &str| sandbox.spectro(["pack", "diff", a, b, "-r", &host]).run();
    diff("demo:1.0.0", "nginx:1.2")
        .fails(3)
        .says(&format!("error: `nginx:1.2` in `{host}` is a Helm chart, not a pack"));
    diff("demo:9", "demo:1.0.0").fails(3).says("`demo:9`");
    diff("demo:1.0.0", "./nowhere").fails(3).says("there is no folder `./nowhere`");
    diff("demo:1.0.0", "./old/README.md").fails(3).says("is not a folder");
    diff("demo:1.0.0", "./empty").fails(3).says("error: `./empty` is no pack: it holds no pack.json");
    diff("demo:1.0.0", "./broken")
        .fails(3)
        .says("`./broken` is not a valid pack")
        .says("spectro pack validate ./broken");
    diff("demo:1.0.0", "old").fails(3).says("hint: with -r, `old` is a name; the folder is ./old");
    let without = |a: &str, b: &str| sandbox.spectro(["pack", "diff", a, b]).run();
    without("demo:1.0.0", "./old").fails(2).says("no server was named");
    without("./old", "acme/demo:1").fails(2).says("did you mean `docker.io/acme/demo:1`?");
    sandbox.spectro(["pack", "diff", "./old"]).run().fails(2);
    let json = sandbox.spectro(["pack", "diff", "./old", "./empty", "-o", "json"]).run().fails(3).json();
    assert_eq!(json["error"]["code"], "not-found");
}

#[test]
fn bytes_that_are_wrong_are_refused_with_their_side() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = two_versions();
    push(&sandbox, "old", &registry.host(), &[]);
    let proxy = FaultProxy::before(&registry);
    proxy.on("GET", "/blobs/").fault(Fault::Flip(5));
    let server = proxy.host();
    let outcome = sandbox.spectro(["pack", "diff", "./new", "demo:1.0.0", "-r", &server]).run().fails(6);
    outcome.says(&format!("error: cannot read `demo:1.0.0` in `{server}`"));
}

#[test]
fn unsafe_layers_are_refused() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = two_versions();
    sandbox.write("new/scripts/run.sh", "echo\n");
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(gzip);
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "scripts/run.sh", "/etc/passwd").expect("memory takes all");
    let layer = tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("memory takes all");
    let config = sandbox.read("new/pack.json");
    let (config_digest, digest) = (registry.put_blob("demo", &config), registry.put_blob("demo", &layer));
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let text = serde_json::json!({
        "schemaVersion": 2, "mediaType": manifest,
        "config": { "mediaType": "application/vnd.spectrocloud.pack.config.v1+json", "digest": config_digest.as_str(), "size": config.len() },
        "layers": [{
            "mediaType": "application/vnd.spectrocloud.pack.directory.v1.tar+gzip", "digest": digest.as_str(), "size": layer.len(),
            "annotations": { "org.opencontainers.image.title": "scripts" },
        }],
    });
    registry.put_manifest("demo", "1.1.0", manifest, text.to_string().as_bytes()).expect(201);
    let outcome = sandbox.spectro(["pack", "diff", "demo:1.1.0", "./new", "-r", &registry.host()]).run().fails(7);
    outcome.says("error: cannot read `demo:1.1.0`").says("entry `scripts/run.sh` of layer `scripts` is a link");
}

#[test]
fn memory_stays_small_with_large_packs() {
    let sandbox = two_versions();
    let mut noise = Vec::with_capacity(48 << 20);
    let mut state = 1_u64;
    while noise.len() < 48 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend_from_slice(&state.to_le_bytes());
    }
    for folder in ["old", "new"] {
        noise.extend_from_slice(folder.as_bytes());
        sandbox.write(format!("{folder}/data/large.yaml"), &noise);
        sandbox.write(format!("{folder}/data/other.bin"), &noise[..24 << 20]);
        push(&sandbox, folder, "oci-layout:store", &["--format", "archive"]);
    }
    let words = ["pack", "diff", "demo:1.0.0", "demo:1.1.0", "--format", "archive", "-r", "oci-layout:store", "--text"];
    let outcome = sandbox.spectro(words).watch_memory().run().fails(1).prints("too large to be looked into");
    assert!(outcome.peak_memory > 0 && outcome.peak_memory < 64 << 20, "{} MiB", outcome.peak_memory >> 20);
    assert!(!outcome.stdout.contains("other.bin"), "{}", outcome.stdout);
}

#[test]
fn a_password_is_read_once_and_goes_to_one_registry() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = two_versions();
    let host = registry.host();
    let run =
        |words: &[&str]| sandbox.spectro(words).env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run();
    run(&["pack", "push", "old", "new", "-r", &host]).success();
    let diff = ["pack", "diff", "demo:1.0.0", "demo:1.1.0", "-r", &host, "--username", USER, "--password-stdin"];
    sandbox.spectro(diff).stdin(format!("{PASSWORD}\n")).run().fails(1).prints("~ charts.demo.replicas: 1 → 3");
    run(&["pack", "diff", &format!("{host}/demo:1.0.0"), &format!("{host}/demo:1.1.0")]).fails(1);
    let elsewhere = run(&["pack", "diff", &format!("{host}/demo:1.0.0"), "localhost:1/demo:1.0.0"]).fails(2);
    elsewhere.says("a user and a password are for one registry").says("spectro registry login localhost:1");
}
