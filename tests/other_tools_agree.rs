//! What we write, others read; what others write, we read.

use crate::support::{Kind, RealRegistry, Sandbox, as_stored, assert_same_tree, have, needs, tree};

#[test]
fn oras_pull_restores_the_folder() {
    needs!(Oras);
    for registry in RealRegistry::every("other_tools_agree::oras_pull_restores_the_folder") {
        let sandbox = Sandbox::new();
        for (name, version) in [("golden-centos-aws", "7.7.1908"), ("prometheus-grafana", "9.7.2")] {
            let folder = sandbox.copy_pack(name);
            sandbox.spectro(["pack", "push", name, "-r", &registry.host()]).run().success();
            let reference = format!("{}/{name}:{version}", registry.host());
            let target = format!("oras/{name}");
            sandbox.run_tool("oras", ["pull", "--plain-http", &reference, "-o", &target]).success();
            // oras knows no modes of single files; those within a role are in its tar.
            assert_same_tree(&as_stored(tree(folder)), &tree(sandbox.path(&target)));
        }
    }
}

#[test]
fn oras_reads_the_local_store() {
    needs!(Oras);
    let sandbox = Sandbox::new();
    let folder = sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"]).run().success();
    sandbox.run_tool("oras", ["pull", "--oci-layout", "store/golden-centos-aws:7.7.1908", "-o", "back"]).success();
    assert_same_tree(&as_stored(tree(folder)), &tree(sandbox.path("back")));
}

#[test]
fn skopeo_copies_into_a_layout_that_we_read() {
    needs!(Skopeo);
    for registry in RealRegistry::every("other_tools_agree::skopeo_copies_into_a_layout") {
        let sandbox = Sandbox::new();
        let folder = sandbox.copy_pack("golden-centos-aws");
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
        let from = format!("docker://{}/golden-centos-aws:7.7.1908", registry.host());
        std::fs::create_dir(sandbox.path("store")).unwrap();
        let to = "oci:store/golden-centos-aws:7.7.1908";
        let policy = ["--insecure-policy", "copy", "--src-tls-verify=false"];
        sandbox.tool("skopeo", policy).args([from.as_str(), to]).run().success();
        let pull = ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", "oci-layout:store"];
        sandbox.spectro(pull).run().success();
        assert_same_tree(&as_stored(tree(folder)), &tree(sandbox.path("back")));
        // And the other way: what we wrote into a folder, skopeo carries to a registry with the same digest.
        let push = ["pack", "push", "golden-centos-aws", "-r", "oci-layout:own", "-o", "json"];
        let digest = sandbox.spectro(push).run().success().json()["packs"][0]["digest"].clone();
        let to = format!("docker://{}/carried:1", registry.host());
        let arguments =
            ["--insecure-policy", "copy", "--dest-tls-verify=false", "oci:own/golden-centos-aws:7.7.1908", &to];
        sandbox.run_tool("skopeo", arguments).success();
        let there = registry.manifest("carried", "1").expect(200);
        assert_eq!(spectro_pack::digest::Digest::of(&there.body).as_str(), digest);
    }
}

#[test]
fn a_zot_serves_the_local_store() {
    needs!(Zot);
    let sandbox = Sandbox::new();
    let folder = sandbox.copy_pack("golden-centos-aws");
    let push = ["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"];
    sandbox.spectro(push).run().success();
    let zot = RealRegistry::with(Kind::Zot).storage(sandbox.path("store")).start();
    let pull = ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &zot.host()];
    sandbox.spectro(pull).run().success();
    assert_same_tree(&as_stored(tree(&folder)), &tree(sandbox.path("back")));
    // While it serves the folder, writing goes through it and not past it.
    sandbox.write("golden-centos-aws/values.yaml", "# other\n");
    // A zot tidies up by itself: it writes index.json anew and makes a folder for uploads.
    let content = || {
        let index: serde_json::Value =
            serde_json::from_str(&sandbox.read_text("store/golden-centos-aws/index.json")).expect("an index is JSON");
        (index["manifests"].clone(), tree(sandbox.path("store/golden-centos-aws/blobs")))
    };
    let before = content();
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-f", "-r", "oci-layout:store"]).run().fails(4).says("zot");
    let new = sandbox.copy_folder(sandbox.path("golden-centos-aws"), "other");
    sandbox.write(new.join("pack.json"), sandbox.read_text("other/pack.json").replace("7.7.1908", "8.0.0"));
    sandbox.spectro(["pack", "push", "other", "-r", "oci-layout:store"]).run().fails(4).says("push to that zot");
    assert_eq!(before, content());
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-f", "-r", &zot.host()]).run().success();
    drop(zot);
    sandbox
        .spectro(["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"])
        .run()
        .success()
        .prints("unchanged");
}

#[test]
fn crane_validates_and_copies_it() {
    needs!(Distribution, Crane);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("permission-manager");
    let push = ["pack", "push", "permission-manager", "-r", &registry.host(), "-o", "json"];
    let pushed = sandbox.spectro(push).run().success().json();
    let reference = |name: &str| format!("{}/{name}:1.0.0", registry.host());
    sandbox
        .run_tool("crane", ["copy", "--insecure", &reference("permission-manager"), &reference("copy/of")])
        .success();
    let digest = sandbox.run_tool("crane", ["digest", "--insecure", &reference("copy/of")]).success();
    assert_eq!(digest.stdout.trim(), pushed["packs"][0]["digest"]);
    let pull = ["pack", "pull", "copy/of:1.0.0", "back", "-r", &registry.host()];
    sandbox.spectro(pull).run().success();
}

#[test]
fn the_independent_client_pulls_ours_and_pushes_what_we_pull() {
    use oci_client::{
        Client, Reference,
        client::{ClientConfig, ClientProtocol},
        secrets::RegistryAuth,
    };
    if !have("other_tools_agree::the_independent_client", &[Kind::Distribution.tool()]) {
        return;
    }
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let folder = sandbox.copy_pack("permission-manager");
    sandbox.spectro(["pack", "push", "permission-manager", "-r", &registry.host()]).run().success();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let types: Vec<String> = {
        let manifest = registry.manifest("permission-manager", "1.0.0").expect(200).json();
        manifest["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["mediaType"].as_str().unwrap().to_owned())
            .collect()
    };
    rustls::crypto::ring::default_provider().install_default().ok();
    runtime.block_on(async {
        let client = Client::new(ClientConfig {
            protocol: ClientProtocol::Http,
            use_monolithic_push: true,
            ..ClientConfig::default()
        });
        let from: Reference = format!("{}/permission-manager:1.0.0", registry.host()).parse().unwrap();
        let accepted = types.iter().map(String::as_str).collect();
        let mut pulled = client.pull(&from, &RegistryAuth::Anonymous, accepted).await.expect("it pulls what we push");
        // It hands out layers as they arrive, and pushes them by their place.
        let manifest = pulled.manifest.as_ref().expect("what was pulled has a manifest");
        let place = |digest: String| manifest.layers.iter().position(|layer| layer.digest == digest);
        pulled.layers.sort_by_key(|layer| place(layer.sha256_digest()));
        let to: Reference = format!("{}/pushed/by-another:1.0.0", registry.host()).parse().unwrap();
        client
            .push(&to, &pulled.layers, pulled.config, &RegistryAuth::Anonymous, pulled.manifest)
            .await
            .expect("it pushes what it pulled");
    });
    let pull = ["pack", "pull", "pushed/by-another:1.0.0", "back", "-r", &registry.host()];
    sandbox.spectro(pull).run().success();
    assert_same_tree(&as_stored(tree(folder)), &tree(sandbox.path("back")));
}
