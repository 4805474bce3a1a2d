//! Wrong input gets one clear error with its exit code, and leaves nothing half-done.

use std::{net::TcpListener, time::Duration};

use crate::support::{Exchange, FaultProxy, Kind, RealRegistry, Reply, Sandbox, Script, assert_same_tree, needs, tree};

const SERVER: &str = "oci-layout:store";

fn with_pack(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack(name);
    sandbox
}

#[test]
fn folders_that_are_no_packs() {
    let sandbox = with_pack("golden-centos-aws");
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.write("file", "x");
    let push = |folder: &str| sandbox.spectro(["pack", "push", folder, "-r", SERVER]).run();
    push("missing").fails(3).says("error: there is no folder `missing`");
    push("file").fails(3).says("`file` is not a folder");
    push("empty").fails(1).says("empty: error[metadata-missing]");
    assert!(!sandbox.path("store").exists(), "nothing was written");
}

#[test]
fn files_that_are_broken_are_named_with_their_place() {
    let whole = with_pack("permission-manager");
    let good = whole.read_text("permission-manager/pack.json");
    let trailing = good.replacen("\n}", ",\n}", 1);
    let cases: [(&str, &str, String, &str); 9] = [
        ("a trailing comma", "pack.json", trailing, "error[metadata-syntax]"),
        ("a comment", "pack.json", good.replacen('{', "{ // why\n", 1), "error[metadata-syntax]"),
        ("a byte-order mark", "pack.json", format!("\u{feff}{good}"), "error[metadata-syntax]"),
        ("cut in half", "pack.json", good[..good.len() / 2].to_owned(), "error[metadata-syntax]"),
        ("tabs", "values.yaml", "pack:\n\tnamespace: x\n".into(), "values.yaml:2:1: error[values-syntax]"),
        ("a key twice", "values.yaml", "pack: {}\npack: {}\n".into(), "values.yaml:2:1: error[values-duplicate-key]"),
        (
            "lost indentation",
            "values.yaml",
            "pack:\nnamespace: \"m\"\n  charts:\n x: 1\n".into(),
            "error[values-syntax]",
        ),
        ("a list", "values.yaml", "- a\n".into(), "error[values-syntax]"),
        (
            "an upper-case name",
            "pack.json",
            good.replace("\"permission-manager\"", "\"Permission\""),
            "error[name-invalid]",
        ),
    ];
    for (what, file, text, expected) in cases {
        let sandbox = with_pack("permission-manager");
        sandbox.write(format!("permission-manager/{file}"), text);
        let outcome = sandbox.spectro(["pack", "push", "permission-manager", "-r", SERVER]).run().fails(1);
        assert!(outcome.stderr.contains(expected), "{what}: {}", outcome.stderr);
        assert!(!sandbox.path("store").exists(), "{what}");
    }
}

#[test]
fn a_role_that_is_a_file_a_link_that_leads_out_a_chart_that_is_a_page() {
    let sandbox = with_pack("golden-centos-aws");
    std::fs::remove_dir_all(sandbox.path("golden-centos-aws/harden_os")).unwrap();
    sandbox.write("golden-centos-aws/harden_os", "x");
    let push = |folder: &str| sandbox.spectro(["pack", "push", folder, "-r", SERVER]).run().fails(1);
    push("golden-centos-aws").says("error[role-invalid]");

    sandbox.copy_pack("prometheus-grafana");
    std::os::unix::fs::symlink("/etc/passwd", sandbox.path("prometheus-grafana/passwd")).unwrap();
    sandbox.write("prometheus-grafana/charts/prometheus-grafana.tgz", "<!DOCTYPE html><html>404</html>");
    let outcome = push("prometheus-grafana");
    for expected in ["prometheus-grafana/passwd: error[file-unsafe]", "error[chart-invalid]", "HTML"] {
        assert!(outcome.stderr.contains(expected), "{expected}: {}", outcome.stderr);
    }
}

#[test]
fn words_that_are_no_references_say_what_was_meant() {
    let sandbox = Sandbox::new();
    let pull = |words: &[&str]| sandbox.spectro(["pack", "pull"]).args(words).run();
    pull(&["nginx::", "-r", SERVER]).fails(2).says("hint: did you mean `nginx`?");
    pull(&["Nginx:1.0", "-r", SERVER]).fails(2).says("hint: did you mean `nginx:1.0`?");
    pull(&["acme/nginx:1.0"]).fails(2).says("did you mean `docker.io/acme/nginx:1.0`?");
    pull(&["nginx"]).fails(2).says("no server was named").says("SPECTRO_REGISTRY_SERVER").says("oci-layout:DIR");
    pull(&["nginx", "other:1.0", "-r", SERVER]).fails(2).says("`other:1.0` is no folder");
    pull(&["nginx", "-r", "oci-layout:"]).fails(2);
    pull(&["nginx", "-r", "http://"]).fails(2);
    pull(&["nginx", "-r", SERVER]).fails(3);
    sandbox.spectro(["pack", "frobnicate"]).run().fails(2);
    assert_eq!(std::fs::read_dir(sandbox.work()).unwrap().count(), 0);
}

#[test]
fn a_default_server_is_for_what_is_only_a_name() {
    let sandbox = with_pack("golden-centos-aws");
    let run = |words: &[&str]| {
        let command = sandbox.spectro(["pack"]).args(words).env("SPECTRO_REGISTRY_SERVER", SERVER);
        command.env("SPECTRO_FORMAT", "archive").run()
    };
    run(&["push", "golden-centos-aws"]).success().prints("store/spectro-packs/archive/golden-centos-aws:7.7.1908\n");
    // A folder and a full reference are what they were without it.
    run(&["inspect", "./golden-centos-aws"]).success().prints("as a push would give it");
    let whole = "oci-layout:store/spectro-packs/archive/golden-centos-aws:7.7.1908";
    run(&["inspect", whole]).success();
    run(&["diff", whole, "./golden-centos-aws"]).success();
    run(&["copy", whole, "oci-archive:one.tar"]).success();
    run(&["inspect", "oci-archive:one.tar"]).success();
    run(&["inspect", "golden-centos-aws", "-r", "oci-archive:one.tar"]).success();
    std::fs::rename(sandbox.path("golden-centos-aws"), sandbox.path("moved")).unwrap();
    run(&["inspect", "golden-centos-aws"]).success().prints("archive    golden-centos-aws-7.7.1908.tar.gz");
    run(&["inspect", "golden-centos-aws:7.7.1908"]).success();
    run(&["ls"]).success().prints("golden-centos-aws");
    run(&["inspect", "golden-centos-aws", "-r", "oci-layout:other"]).fails(3);
    let bad = sandbox.spectro(["pack", "ls"]).env("SPECTRO_REGISTRY_SERVER", "./store").run().fails(2);
    bad.says("as a store it is written `oci-layout:./store`").says("SPECTRO_REGISTRY_SERVER");
    // As the configuration says it; a copy looks where every other command does.
    sandbox.write("home/config.json", format!(r#"{{"defaultRegistry": "{SERVER}", "defaultFormat": "archive"}}"#));
    let copy = ["-s", "home", "pack", "copy", "golden-centos-aws:7.7.1908", "oci-layout:copy"];
    sandbox.spectro(copy).run().success().prints("copy/spectro-packs/archive/golden-centos-aws:7.7.1908\n");
}

#[test]
fn a_registry_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sandbox = with_pack("golden-centos-aws");
    let host = format!("127.0.0.1:{port}");
    let push = ["pack", "push", "golden-centos-aws", "-r", &host, "--retries", "1"];
    let outcome = sandbox.spectro(push).run().fails(8);
    let outcome = outcome.says(&format!("cannot push `golden-centos-aws:7.7.1908` to `{host}`"));
    outcome.says("gave up after 2 tries").says("refused");
}

#[test]
fn answers_that_are_no_good() {
    let html = Reply::new(200).header("Content-Type", "text/html").body("<html>hello</html>");
    let cases = [
        (html, 8, "is not a registry: it answered text/html"),
        (Reply::error(401, "UNAUTHORIZED", "who are you"), 4, "401 UNAUTHORIZED: who are you"),
        (Reply::error(403, "DENIED", "requires write scope"), 4, "403 DENIED: requires write scope"),
        (Reply::error(500, "UNKNOWN", "oops"), 8, "500 UNKNOWN: oops"),
        (Reply::new(503).body("try later\nsecond line"), 8, "503 Service Unavailable: try later"),
    ];
    for (reply, exit, expected) in cases {
        let exchanges =
            ["HEAD", "GET"].map(|method| Exchange::new(method, "/v2/*").any_number().answers(reply.clone()));
        let script = Script::unordered(exchanges);
        let sandbox = with_pack("golden-centos-aws");
        let push = ["pack", "push", "golden-centos-aws", "-r", &script.host(), "--retries", "0"];
        sandbox.spectro(push).run().fails(exit).says(expected);
    }
}

#[test]
fn ctrl_c_ends_at_once_and_leaves_nothing() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = with_pack("golden-centos-aws");
    sandbox.write("golden-centos-aws/big.bin", vec![7_u8; 8 << 20]);
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
    let before = tree(sandbox.work());
    let proxy = FaultProxy::before(&registry);
    proxy.on("GET", "/blobs/").fault(crate::support::Fault::Trickle(65_536, Duration::from_millis(100)));
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        proxy.clear();
        let pull = ["pack", "pull", "golden-centos-aws", "target", "-r", &proxy.host()];
        let running = sandbox.spectro(pull).spawn();
        proxy.wait_for("GET", "/blobs/", 2);
        std::thread::sleep(Duration::from_millis(300));
        let started = std::time::Instant::now();
        running.signal(signal);
        running.wait().fails(130).says("interrupted");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_same_tree(&before, &tree(sandbox.work()));
    }

    // A push: the upload that was begun is given back.
    sandbox.write("golden-centos-aws/other.bin", vec![9_u8; 8 << 20]);
    sandbox.write("golden-centos-aws/values.yaml", "# other\n");
    proxy.heal();
    proxy.clear();
    proxy.on("PUT", "/blobs/uploads/").fault(crate::support::Fault::SlowUpload(65_536, Duration::from_millis(100)));
    let running = sandbox.spectro(["pack", "push", "golden-centos-aws", "-f", "-r", &proxy.host()]).spawn();
    proxy.wait_for("PUT", "/blobs/uploads/", 1);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(rustix::process::Signal::INT);
    running.wait().fails(130);
    assert!(proxy.count("DELETE", "/blobs/uploads/") > 0, "{}", proxy.summary());
    assert_eq!(proxy.count("PUT", "/manifests/"), 0, "{}", proxy.summary());
}
