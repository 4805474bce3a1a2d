//! Looking inside fetches the manifest and the config, and no layer.

use crate::support::{FaultProxy, Kind, RealRegistry, Sandbox, needs};

#[test]
fn only_the_manifest_and_the_config_are_fetched() {
    for registry in RealRegistry::every("inspect_without_downloading::only_the_manifest_and_the_config") {
        let sandbox = Sandbox::new();
        sandbox.copy_pack("prometheus-grafana");
        sandbox.spectro(["pack", "push", "prometheus-grafana", "-r", &registry.host()]).run().success();
        let proxy = FaultProxy::before(&registry);
        let inspect = |more: &[&str]| {
            proxy.clear();
            sandbox
                .spectro(["pack", "inspect", "prometheus-grafana:9.7.2", "-r", &proxy.host()])
                .args(more)
                .run()
                .success()
        };
        inspect(&[])
            .prints("prometheus-grafana 9.7.2")
            .prints("Prometheus-Grafana")
            .prints("layer addon · monitoring · clouds all")
            .prints("chart      charts/prometheus-grafana.tgz");
        assert_eq!((proxy.requests().len(), proxy.count("GET", "/blobs/")), (2, 1), "{}", proxy.summary());
        let json = inspect(&["-o", "json"]).json();
        assert_eq!(json["packs"][0]["charts"][0], "charts/prometheus-grafana.tgz");
        assert_eq!(proxy.requests().len(), 2, "{}", proxy.summary());

        let values = inspect(&["--values"]);
        assert_eq!(values.stdout, sandbox.read_text("prometheus-grafana/values.yaml"));
        assert_eq!((proxy.requests().len(), proxy.count("GET", "/blobs/")), (2, 1), "{}", proxy.summary());
        let readme = inspect(&["--readme"]);
        assert_eq!(readme.stdout, sandbox.read_text("prometheus-grafana/README.md"));
    }
}

#[test]
fn a_file_within_a_role_is_printed_from_its_layer_alone() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let proxy = FaultProxy::before(&registry);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
    let inspect = |path: &str| {
        sandbox.spectro(["pack", "inspect", "golden-centos-aws:7.7.1908", "-r", &proxy.host(), "--file", path]).run()
    };
    let printed = inspect("harden_os/files/sec_harden.sh").success();
    assert_eq!(printed.stdout, sandbox.read_text("golden-centos-aws/harden_os/files/sec_harden.sh"));
    assert_eq!(proxy.count("GET", "/blobs/"), 1, "{}", proxy.summary());
    inspect("harden_os/nothing").fails(3);
    inspect("nothing").fails(3);
    inspect("../pack.json").fails(2);
}

#[test]
fn a_folder_is_shown_with_the_digest_that_a_push_gives() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-vsphere");
    let shown = sandbox.spectro(["pack", "inspect", "golden-centos-vsphere", "-o", "json"]).run().success().json();
    let push = ["pack", "push", "golden-centos-vsphere", "-r", "oci-layout:store", "-o", "json"];
    let pushed = sandbox.spectro(push).run().success().json();
    assert_eq!(shown["packs"][0]["digest"], pushed["packs"][0]["digest"]);
    assert_eq!(shown["packs"][0]["roles"], serde_json::json!(["harden_os"]));
    // The documented password is a secret all the same.
    assert_eq!(shown["packs"][0]["annotations"]["sshPassword"], "********");
    let text = sandbox.spectro(["pack", "inspect", "golden-centos-vsphere"]).run().success();
    assert!(
        text.stdout.contains("role       harden_os") && text.stdout.contains("as a push would give it"),
        "{}",
        text.stdout
    );
    sandbox.spectro(["pack", "inspect", "golden-centos-vsphere", "--values"]).run().success();
}

#[test]
fn without_a_tag_the_newest_version_is_shown_and_named() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("permission-manager");
    let path = "permission-manager/pack.json";
    let text = sandbox.read_text(path);
    for version in ["1.9.0", "1.10.0", "2.0.0-rc.1"] {
        sandbox.write(path, text.replace("\"1.0.0\"", &format!("{version:?}")));
        let push = ["pack", "push", "permission-manager", "-r", "oci-layout:store", "--tag", "latest"];
        sandbox.spectro(push).run().success();
    }
    let inspect = sandbox.spectro(["pack", "inspect", "permission-manager", "-r", "oci-layout:store"]).run().success();
    assert!(inspect.stdout.starts_with("permission-manager 1.10.0 (newest of 3)"), "{}", inspect.stdout);
    let full = sandbox.spectro(["pack", "inspect", "oci-layout:store/permission-manager:1.9.0"]).run().success();
    assert!(full.stdout.starts_with("permission-manager 1.9.0 "), "{}", full.stdout);
}
