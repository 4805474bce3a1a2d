//! `--verbose` shows each request as it went, and never what must stay secret.

use serde_json::json;

use crate::support::{
    Exchange, Kind, PASSWORD, RealRegistry, Reply, Sandbox, Script, TokenService, USER, basic_authorization, needs,
};

fn push(sandbox: &Sandbox, host: &str) -> crate::support::Invocation {
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", host, "--retries", "0"]);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD)
}

#[test]
fn each_request_has_a_line() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let host = registry.host();
    let outcome = push(&sandbox, &host).args(["--verbose", "-o", "json"]).run().success();
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with("http: ")).collect();
    let has = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(
        has(&["HEAD", &format!("http://{host}/v2/golden-centos-aws/manifests/7.7.1908"), "  401  ", " ms"]),
        "{outcome}"
    );
    assert!(has(&["HEAD", "/manifests/7.7.1908", "  404  ", "authorized"]), "{outcome}");
    assert!(has(&["GET", "/token?", "scope=repository%3Agolden-centos-aws%3Apull%2Cpush", "  200  "]), "{outcome}");
    assert!(has(&["PUT", "/blobs/uploads/", "_state=…", "  201  ", "sent"]), "{outcome}");
    assert!(has(&["PUT", "/manifests/7.7.1908", "  201  "]), "{outcome}");
    outcome.json();
    let encoded = basic_authorization(USER, PASSWORD);
    for secret in [PASSWORD, &encoded[6..], "Bearer ", "eyJ"] {
        assert!(!outcome.stderr.contains(secret) && !outcome.stdout.contains(secret), "{secret}{outcome}");
    }
    // The variable says the same, and without either there is none of it.
    assert!(push(&sandbox, &host).env("SPECTRO_LOG", "1").run().success().stderr.contains("http: HEAD"));
    assert!(!push(&sandbox, &host).env("SPECTRO_LOG", "0").run().success().stderr.contains("http: "));
    assert!(!push(&sandbox, &host).run().success().stderr.contains("http: "));
}

#[test]
fn a_presigned_address_is_not_shown() {
    let storage = Script::unordered([Exchange::new("GET", "/bucket*").any_number().answers(Reply::new(403))]);
    let signed = format!("http://{}/bucket/x?X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter3", storage.host());
    let registry = Script::unordered([Exchange::new("GET", "/v2/*")
        .any_number()
        .answers(Reply::new(307).header("Location", signed))]);
    let sandbox = Sandbox::new();
    let pull = ["pack", "pull", "nginx:1.0", "-v", "-r", &registry.host(), "--retries", "0"];
    let outcome = sandbox.spectro(pull).run();
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("X-Amz-Signature=…"), "{outcome}");
    for secret in ["hunter2", "hunter3"] {
        assert!(!outcome.stderr.contains(secret) && !outcome.stdout.contains(secret), "{outcome}");
    }
}

/// Every way to give a secret, and every way to fail with it.
#[test]
fn no_secret_is_in_any_output() {
    let unauthorized = Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://{host}/token\",service=\"s\"");
    for token_answer in [
        Reply::error(401, "UNAUTHORIZED", "no"),
        Reply::new(200).json(&json!({ "token": "hunter2-token" })),
        Reply::new(200).body("hunter2 is no JSON"),
    ] {
        let registry = Script::unordered([
            Exchange::new("GET", "/token*").any_number().answers(token_answer.clone()),
            Exchange::new("POST", "/token*").any_number().answers(token_answer.clone()),
            Exchange::new("HEAD", "/v2/*").any_number().answers(unauthorized.clone()),
            Exchange::new("GET", "/v2/*").any_number().answers(unauthorized.clone()),
        ]);
        let host = registry.host();
        let identity =
            json!({ "auths": { &host: { "auth": "eDo=", "identitytoken": "hunter2-identity" } } }).to_string();
        let password = json!({ "auths": { &host: { "username": "x", "password": "hunter2-file" } } }).to_string();
        let broken = "{\"auths\": {\"hunter2\": ".to_owned();
        let sources: [&[(&str, &str)]; 6] = [
            &[("SPECTRO_USERNAME", "x"), ("SPECTRO_PASSWORD", "hunter2-variable")],
            &[("SPECTRO_TOKEN", "hunter2-as-is")],
            &[("DOCKER_AUTH_CONFIG", &identity)],
            &[("DOCKER_AUTH_CONFIG", &password)],
            &[("DOCKER_AUTH_CONFIG", &broken)],
            &[
                ("http_proxy", "http://x:hunter2-proxy@127.0.0.1:1"),
                ("HTTPS_PROXY", "http://x:hunter2-proxy@127.0.0.1:1"),
            ],
        ];
        for variables in sources {
            for words in [
                &["pack", "inspect", "nginx:1.0", "-v", "-r"] as &[&str],
                &["pack", "inspect", "nginx:1.0", "-v", "-o", "json", "-r"],
                &["registry", "status", "-v", "-r"],
            ] {
                let sandbox = Sandbox::new();
                let run = sandbox.spectro(words).args([&host, "--retries", "0"]);
                let outcome = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run();
                assert!(!outcome.stderr.contains("hunter2") && !outcome.stdout.contains("hunter2"), "{outcome}");
            }
        }
        drop(registry);
    }
}
