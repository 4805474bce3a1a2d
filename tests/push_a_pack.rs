//! A pack goes to a registry or a local store.

use std::time::Duration;

use crate::support::{
    Authority, Exchange, Fault, FaultProxy, IDENTITY_TOKEN, Kind, PASSWORD, RealRegistry, Reply, Sandbox, Script,
    TokenService, USER, have, needs,
};

#[test]
fn the_documented_command_works_word_for_word() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("prometheus-grafana");
    let pushed = sandbox
        .spectro(["pack", "push", "prometheus-grafana", "--registry-server", "oci-layout:./packs"])
        .run()
        .success()
        .prints("oci-layout:./packs/prometheus-grafana:9.7.2\nsha256:")
        .prints("pushed, ")
        .says("uploaded  charts/prometheus-grafana.tgz");
    assert!(!pushed.stderr.contains('\u{1b}'), "no control characters outside of a terminal");
    let arguments = ["pack", "push", "prometheus-grafana", "-f", "--registry-server", "oci-layout:./packs"];
    sandbox.spectro(arguments).run().success().prints("unchanged");
}

#[test]
fn every_registry_takes_a_pack_and_sends_nothing_the_second_time() {
    for registry in RealRegistry::every("push_a_pack::every_registry_takes_a_pack") {
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let proxy = FaultProxy::before(&registry);
        // Each request takes so long that requests made at once overlap, however slow the machine is.
        proxy.on("*", "/").fault(Fault::Delay(Duration::from_millis(200)));
        let host = format!("{}/acme/packs", proxy.host());
        let push = || sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &host]).run().success();
        push().prints(&format!("{host}/golden-centos-aws:7.7.1908"));
        assert_eq!(registry.tags("acme/packs/golden-centos-aws"), ["7.7.1908"]);
        // The tag, all blobs at once, (distribution: a PUT for each), the manifest, the look at the tag.
        let rounds = if registry.kind() == Kind::Zot { 4 } else { 5 };
        assert_eq!(proxy.rounds(), rounds, "{:?}: {}", registry.kind(), proxy.summary());
        proxy.clear();
        push().prints("unchanged");
        assert_eq!((proxy.requests().len(), proxy.writes()), (1, 0), "{}", proxy.summary());
    }
}

#[test]
fn config_and_pack_json_are_one_blob_and_move_once() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let proxy = FaultProxy::before(&registry);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("permission-manager");
    sandbox.spectro(["pack", "push", "permission-manager", "-r", &proxy.host()]).run().success();
    let manifest: serde_json::Value = registry.manifest("permission-manager", "1.0.0").expect(200).json();
    let digest = manifest["config"]["digest"].as_str().unwrap();
    assert_eq!(manifest["layers"][0]["digest"], digest);
    assert_eq!(manifest["layers"][0]["annotations"]["org.opencontainers.image.title"], "pack.json");
    let sent = proxy.select("PUT", "/blobs/uploads/").into_iter().filter(|put| put.holds(&digest[7..])).count();
    assert_eq!(sent, 1, "{}", proxy.summary());
}

#[test]
fn several_packs_go_in_one_command_and_one_that_fails_stops_no_other() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox.copy_pack("permission-manager");
    sandbox.write("broken/pack.json", "{");
    let outcome = sandbox
        .spectro([
            "pack",
            "push",
            "golden-centos-aws",
            "broken",
            "missing",
            "permission-manager",
            "-r",
            "oci-layout:store",
        ])
        .run()
        .fails(3);
    let outcome = outcome.prints("2 pushed, 1 refused, 1 failed, ").prints("broken              -         refused");
    assert!(outcome.stderr.contains("broken/pack.json:1:2: error[metadata-syntax]"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error: there is no folder `missing`"), "{}", outcome.stderr);
    sandbox.spectro(["pack", "inspect", "permission-manager", "-r", "oci-layout:store"]).run().success();
}

#[test]
fn json_is_one_object_for_good_and_for_bad() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = |more: &[&str]| {
        let base = ["pack", "push", "golden-centos-aws", "-r", "oci-layout:store", "-o", "json"];
        sandbox.spectro(base).args(more).run()
    };
    let json = push(&[]).success().json();
    assert_eq!(json["schemaVersion"], 1);
    let pack = &json["packs"][0];
    assert_eq!(
        (&pack["result"], &pack["name"], &pack["version"]),
        (&"pushed".into(), &"golden-centos-aws".into(), &"7.7.1908".into())
    );
    assert_eq!(pack["reference"], "oci-layout:store/golden-centos-aws:7.7.1908");
    assert!(pack["bytesSent"].as_u64().unwrap() > 0 && pack["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(push(&[]).success().json()["packs"][0]["result"], "unchanged");
    sandbox.write("golden-centos-aws/values.yaml", "# changed\n");
    let json = push(&[]).fails(5).json();
    let error = &json["packs"][0]["error"];
    assert_eq!((&error["code"], &error["exit"]), (&"conflict".into(), &5.into()));
    let json = sandbox.spectro(["pack", "push", "-o", "json"]).run().fails(2).json();
    assert_eq!((&json["error"]["code"], &json["schemaVersion"]), (&"usage".into(), &1.into()));
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_happen() {
    for registry in RealRegistry::every("push_a_pack::a_dry_run_writes_nothing") {
        let proxy = FaultProxy::before(&registry);
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let push = |more: &[&str]| {
            sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]).args(more).run()
        };
        push(&["--dry-run"]).success().prints("upload    logo.png").prints("dry run: would be pushed");
        assert_eq!(proxy.writes(), 0, "{}", proxy.summary());
        push(&[]).success();
        proxy.clear();
        push(&["--dry-run"]).success().prints("exists    logo.png").prints("dry run: unchanged");
        sandbox.write("golden-centos-aws/values.yaml", "a: 1\n");
        push(&["--dry-run"]).fails(5).prints("would be refused: the tag has other content");
        push(&["--dry-run", "-f"]).success().prints("would overwrite sha256:");
        assert_eq!(proxy.writes(), 0, "{}", proxy.summary());
    }
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let dry = ["pack", "push", "golden-centos-aws", "-r", "oci-layout:store", "--dry-run"];
    sandbox.spectro(dry).run().success().prints("dry run: would be pushed");
    assert!(!sandbox.path("store").exists(), "a dry run creates no store");
}

#[test]
fn a_password_is_found_where_ci_puts_it() {
    let docker = |host: &str| {
        let auth = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{PASSWORD}"));
        serde_json::json!({ "auths": { host: { "auth": auth } } }).to_string()
    };
    for kind in Kind::ALL {
        if !have("push_a_pack::a_password_is_found_where_ci_puts_it", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::with(kind).password().start();
        let host = registry.host();
        let fresh = || {
            let sandbox = Sandbox::new();
            sandbox.copy_pack("golden-centos-aws");
            sandbox
        };
        let push = |sandbox: &Sandbox| sandbox.spectro(["pack", "push", "golden-centos-aws", "-f", "-r", &host]);

        let sandbox = fresh();
        push(&sandbox).run().fails(4).says("401").says(&format!("hint: spectro registry login {host}"));
        push(&sandbox).env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", "wrong").run().fails(4).says("401");
        push(&sandbox).env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success().prints("pushed");
        let stdin = push(&sandbox).args(["--username", USER, "--password-stdin"]).stdin(format!("{PASSWORD}\n"));
        stdin.run().success().prints("unchanged");
        push(&sandbox).env("DOCKER_AUTH_CONFIG", docker(&host)).run().success().prints("unchanged");

        for place in [".docker/config.json", ".spectro/config.json"] {
            let sandbox = fresh();
            sandbox.write(sandbox.home().join(place), docker(&host));
            push(&sandbox).run().success().prints("unchanged");
        }
        let sandbox = fresh();
        sandbox.write(sandbox.runtime().join("containers/auth.json"), docker(&host));
        push(&sandbox).run().success().prints("unchanged");
        let file = sandbox.write("elsewhere/auth.json", docker(&host));
        push(&sandbox).env("REGISTRY_AUTH_FILE", &file).env_remove("XDG_RUNTIME_DIR").run().success();
        // A key of another host is not ours.
        let sandbox = fresh();
        sandbox.write(sandbox.home().join(".docker/config.json"), docker("127.0.0.1:1"));
        push(&sandbox).run().fails(4);
        sandbox.write(sandbox.home().join(".docker/config.json"), "{");
        push(&sandbox).run().fails(2).says(".docker/config.json` is broken");
    }
}

#[test]
fn a_credential_helper_is_asked() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox.copy_pack("permission-manager");
    let script = format!(
        "#!/bin/sh\nread server\nprintf x >>{}\n[ \"$server\" = {} ] || {{ echo credentials not found in native keychain; exit 1; }}\necho '{{\"ServerURL\":\"x\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n",
        sandbox.path("asked").display(),
        registry.host()
    );
    let helper = sandbox.write("bin/docker-credential-test", script);
    sandbox.set_mode(&helper, 0o755);
    let path = std::env::join_paths(
        std::iter::once(helper.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    for config in
        [r#"{"credsStore":"test"}"#.to_owned(), format!(r#"{{"credHelpers":{{"{}":"test"}}}}"#, registry.host())]
    {
        sandbox.write(sandbox.home().join(".docker/config.json"), config);
        let push = ["pack", "push", "golden-centos-aws", "permission-manager", "-r", &registry.host(), "--jobs", "1"];
        sandbox.spectro(push).env("PATH", &path).run().success();
        assert_eq!(sandbox.read_text("asked"), "x", "one host is one question, however many repositories it has");
        std::fs::remove_file(sandbox.path("asked")).unwrap();
    }
}

#[test]
fn a_token_service_is_asked_once_and_for_pushing_from_the_start() {
    for kind in Kind::ALL {
        if !have("push_a_pack::a_token_service_is_asked_once", &[kind.tool()]) {
            continue;
        }
        let tokens = TokenService::start();
        let registry = RealRegistry::with(kind).tokens(&tokens).start();
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let push = || sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]);
        push().env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success().prints("pushed");
        assert_eq!(tokens.scopes(), [["repository:golden-centos-aws:pull,push"]], "{kind:?}");
        push().env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", "wrong").run().fails(4);
        push().run().fails(4);
        // An identity token is turned into access tokens by POST.
        let config = serde_json::json!({ "auths": { registry.host(): { "auth": "MDowAA==", "identitytoken": IDENTITY_TOKEN } } });
        push().env("DOCKER_AUTH_CONFIG", config.to_string()).run().success().prints("unchanged");
    }
}

#[test]
fn https_with_an_authority_of_ones_own() {
    for kind in Kind::ALL {
        if !have("push_a_pack::https_with_an_authority_of_ones_own", &[kind.tool()]) {
            continue;
        }
        let authority = Authority::new();
        let registry = RealRegistry::with(kind).tls(&authority).start();
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let file = sandbox.write("ca.pem", authority.pem());
        let server = format!("https://{}", registry.host());
        let push =
            |more: &[&str]| sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &server]).args(more).run();
        push(&[]).fails(8).says("certificate");
        push(&["--ca-file", file.to_str().unwrap()]).success().prints("pushed");
        push(&["-i"]).success().prints("unchanged").says("the certificate of `127.0.0.1").says("is not verified");
        push(&["--plain-http"]).fails(8);
    }
}

#[test]
fn credentials_by_flag_need_a_password() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = ["pack", "push", "golden-centos-aws", "-r", "127.0.0.1:9", "--username", "me"];
    sandbox.spectro(push).run().fails(2).says("there is no password for the user `me`");
}

/// ECR refuses blobs of 0 bytes, so nothing is sent; the host is none that could be reached from a test.
#[test]
fn an_empty_file_is_refused_for_ecr_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = ["pack", "push", "golden-centos-aws", "-r", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/packs"];
    let outcome = sandbox.spectro(push).run().fails(4).says("`values.yaml` is empty, and ECR takes no empty file");
    outcome.says("hint: put one comment line into `values.yaml`");
}

#[test]
fn a_proxy_is_used_for_hosts_that_are_not_this_machine() {
    let proxy = Script::unordered([
        Exchange::new("HEAD", "http://registry.test/v2/*").any_number().answers(Reply::error(403, "DENIED", "")),
        Exchange::new("GET", "http://registry.test/v2/*").answers(Reply::error(403, "DENIED", "said the proxy")),
    ]);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = || sandbox.spectro(["pack", "push", "golden-centos-aws", "--plain-http", "--retries", "0"]);
    let address = format!("http://{}", proxy.host());
    push().args(["-r", "registry.test"]).env("http_proxy", &address).run().fails(4).says("said the proxy");
    let direct = push().args(["-r", "registry.test"]).env("http_proxy", &address).env("NO_PROXY", "registry.test");
    direct.run().fails(8).says("cannot reach `registry.test`");
    push().args(["-r", "127.0.0.1:1"]).env("http_proxy", &address).run().fails(8).says("cannot reach `127.0.0.1:1`");
}
