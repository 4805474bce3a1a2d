//! A password goes to the registry that it belongs to, and nowhere else.

use crate::support::{
    Authority, Exchange, FaultProxy, IDENTITY_TOKEN, Kind, PASSWORD, RealRegistry, Reply, Sandbox, Script,
    TokenService, USER, basic_authorization, needs,
};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox
}

fn push(sandbox: &Sandbox, host: &str, more: &[&str]) -> crate::support::Outcome {
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", host, "--retries", "0"]).args(more);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run()
}

/// oras-go CVE-2026-48978, distribution CVE-2026-33540: a registry that names somebody else as its token service.
#[test]
fn a_hostile_realm_gets_nothing() {
    let stranger = Script::unordered([]);
    let realm = format!("http://localhost:{}/token", stranger.port());
    let challenge = format!("Bearer realm=\"{realm}\",service=\"x\"");
    let unauthorized = Reply::new(401).header("WWW-Authenticate", challenge);
    let exchanges =
        ["HEAD", "GET"].map(|method| Exchange::new(method, "/v2/*").any_number().answers(unauthorized.clone()));
    let registry = Script::unordered(exchanges);
    let outcome = push(&sandbox(), &registry.host(), &[]).fails(4);
    let outcome = outcome.says(&registry.host()).says(&format!("localhost:{}", stranger.port()));
    outcome.says("--trusted-realm localhost");
    assert!(stranger.complaints().is_empty(), "{:?}", stranger.complaints());
}

#[test]
fn a_realm_that_was_trusted_gets_the_password() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    // The registry says 127.0.0.1; under another name for itself the service is another host.
    let host = format!("localhost:{}", registry.port());
    push(&sandbox(), &host, &[]).fails(4).says("--trusted-realm 127.0.0.1");
    assert!(tokens.scopes().is_empty(), "no token was asked for");
    push(&sandbox(), &host, &["--trusted-realm", "127.0.0.1"]).success().prints("pushed");
}

/// oras-go GHSA-vh4v-2xq2-g5cg: another port of the same host is another place.
#[test]
fn a_redirect_to_another_port_carries_no_password() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = sandbox();
    push(&sandbox, &registry.host(), &[]).success();
    let elsewhere = FaultProxy::before(&registry);
    let proxy = FaultProxy::before(&registry);
    proxy
        .on("GET", "/blobs/")
        .answer(Reply::new(307).header("Location", format!("http://{}/v2/gone", elsewhere.host())));
    let pull = ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &proxy.host(), "--retries", "0"];
    sandbox.spectro(pull).env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().fails(3);
    assert!(!elsewhere.requests().is_empty(), "the redirect was followed");
    assert!(
        elsewhere.requests().iter().all(|request| request.header("authorization").is_none()),
        "{}",
        elsewhere.summary()
    );
    assert!(proxy.requests().iter().any(|request| request.header("authorization").is_some()), "{}", proxy.summary());
}

/// A token service that was vouched for sends the request on: the password that it carries stays behind.
#[test]
fn a_token_service_that_redirects_takes_no_password_along() {
    let elsewhere = Script::unordered([Exchange::new("GET", "/token*")
        .any_number()
        .wants_no_header("Authorization")
        .answers(Reply::new(200).json(&serde_json::json!({ "token": "of-nobody" })))]);
    let challenge = "Bearer realm=\"http://{host}/token\",service=\"x\"";
    let unauthorized = Reply::new(401).header("WWW-Authenticate", challenge);
    let registry = Script::unordered([
        Exchange::new("GET", "/token*")
            .any_number()
            .wants_header("Authorization", basic_authorization(USER, PASSWORD))
            .answers(Reply::new(307).header("Location", format!("http://{}/token?stolen", elsewhere.host()))),
        Exchange::new("HEAD", "/v2/*").any_number().answers(unauthorized.clone()),
        Exchange::new("GET", "/v2/*").any_number().answers(unauthorized),
    ]);
    push(&sandbox(), &registry.host(), &[]).fails(4);
    assert!(elsewhere.count("GET", "/token?stolen") > 0, "the redirect was followed");
    assert!(elsewhere.complaints().is_empty(), "{:?}", elsewhere.complaints());
}

/// Looks into a pack on a registry with TLS that answers all questions so.
fn inspect_with_tls(reply: Reply) -> crate::support::Outcome {
    let authority = Authority::new();
    let registry = Script::unordered_tls([Exchange::new("GET", "/v2/*").any_number().answers(reply)], &authority);
    let sandbox = Sandbox::new();
    let trusted = authority.write(sandbox.work()).display().to_string();
    let server = format!("https://{}", registry.host());
    let inspect = ["pack", "inspect", "nginx:1.0", "-r", &server, "--ca-file", &trusted, "--retries", "0"];
    sandbox.spectro(inspect).run()
}

#[test]
fn a_redirect_from_https_to_http_is_refused() {
    let stranger = Script::unordered([]);
    let plain = Reply::new(307).header("Location", format!("http://{}/v2/x", stranger.host()));
    inspect_with_tls(plain).fails(8).says("redirects from https to `http`, which is refused");
    assert!(stranger.requests().is_empty(), "{}", stranger.summary());
}

/// Without a password there is none to lose, and yet a token that came in the clear would be shown to the registry.
#[test]
fn a_token_service_without_tls_is_not_asked_for_a_registry_with_it() {
    let stranger = Script::unordered([]);
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", stranger.host());
    inspect_with_tls(Reply::new(401).header("WWW-Authenticate", challenge)).fails(4).says("is not https");
    assert!(stranger.requests().is_empty(), "{}", stranger.summary());
}

/// The next page of a list, and where an upload goes on, by a registry that is spoken to with TLS.
#[test]
fn a_link_elsewhere_and_a_location_without_tls_are_not_followed() {
    let authority = Authority::new();
    let stranger = Script::unordered([]);
    let tags = Reply::new(200).json(&serde_json::json!({ "name": "golden-centos-aws", "tags": ["1.0"] }));
    let registry = Script::unordered_tls(
        [
            Exchange::new("GET", "/v2/golden-centos-aws/tags/list*")
                .any_number()
                .answers(tags.header("Link", format!("<http://{}/v2/x/tags/list>; rel=\"next\"", stranger.host()))),
            Exchange::new("HEAD", "/v2/*").any_number().answers(Reply::new(404)),
            Exchange::new("POST", "/v2/*")
                .any_number()
                .answers(Reply::new(202).header("Location", format!("http://{}/upload", stranger.host()))),
        ],
        &authority,
    );
    let sandbox = sandbox();
    let trusted = authority.write(sandbox.work()).display().to_string();
    let server = format!("https://{}", registry.host());
    let list = ["pack", "ls", "golden-centos-aws", "-r", &server, "--ca-file", &trusted, "--retries", "0"];
    sandbox.spectro(list).run().fails(8).says("continues its list of tags on another host, which is refused");
    push(&sandbox, &server, &["--ca-file", &trusted]).fails(8).says("at an address that is not https");
    assert!(stranger.requests().is_empty(), "{}", stranger.summary());
}

/// An identity token is as good as the password.
#[test]
fn a_hostile_realm_gets_no_identity_token() {
    let stranger = Script::unordered([]);
    let challenge = format!("Bearer realm=\"http://localhost:{}/token\",service=\"x\"", stranger.port());
    let unauthorized = Reply::new(401).header("WWW-Authenticate", challenge);
    let exchanges =
        ["HEAD", "GET"].map(|method| Exchange::new(method, "/v2/*").any_number().answers(unauthorized.clone()));
    let registry = Script::unordered(exchanges);
    let entry = serde_json::json!({ "auth": "MDowAA==", "identitytoken": IDENTITY_TOKEN });
    let config = serde_json::json!({ "auths": { registry.host(): entry } }).to_string();
    let push = ["pack", "push", "golden-centos-aws", "-r", &registry.host(), "--retries", "0"];
    let outcome = sandbox().spectro(push).env("DOCKER_AUTH_CONFIG", config).run().fails(4);
    outcome.says("the password was not sent");
    assert!(stranger.requests().is_empty(), "{}", stranger.summary());
}

/// oras-go CVE-2026-50151: the location of an upload elsewhere.
#[test]
fn an_upload_location_elsewhere_gets_no_password() {
    let elsewhere = Script::unordered([Exchange::new("PUT", "/stolen*")
        .any_number()
        .wants_no_header("Authorization")
        .answers(Reply::new(403))]);
    let basic = basic_authorization(USER, PASSWORD);
    let unauthorized = Reply::new(401).header("WWW-Authenticate", "Basic realm=\"r\"");
    let location = format!("http://{}/stolen?x=1", elsewhere.host());
    let registry = Script::unordered([
        Exchange::new("HEAD", "/v2/*").wants_no_header("Authorization").any_number().answers(unauthorized),
        Exchange::new("HEAD", "/v2/*").wants_header("Authorization", &basic).any_number().answers(Reply::new(404)),
        Exchange::new("POST", "/v2/*")
            .wants_header("Authorization", &basic)
            .any_number()
            .answers(Reply::new(202).header("Location", location)),
    ]);
    // One that goes from memory, and one that streams.
    let sandbox = sandbox();
    push(&sandbox, &registry.host(), &["--jobs", "1"]).fails(4);
    let small = elsewhere.count("PUT", "/stolen");
    sandbox.write("golden-centos-aws/big.bin", vec![7; 200_000]);
    push(&sandbox, &registry.host(), &["--jobs", "1"]).fails(4);
    let lengths: Vec<_> = elsewhere.requests().iter().map(|request| request.body_length).collect();
    assert!(small > 0 && lengths.contains(&200_000), "both were sent: {lengths:?}");
    assert!(elsewhere.complaints().is_empty(), "{:?}", elsewhere.complaints());
}

/// containerd CVE-2020-15157: addresses in a descriptor.
#[test]
fn urls_of_a_descriptor_are_not_read() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let stranger = Script::unordered([]);
    let config = registry.put_blob("trap", br#"{"name":"trap","version":"1.0.0"}"#);
    let types = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.spectrocloud.pack.config.v1+json");
    let layer = format!(
        r#"{{"mediaType":"application/vnd.spectrocloud.pack.values.v1+yaml","digest":"sha256:{}","size":1,"urls":["http://{}/v2/x"],"annotations":{{"org.opencontainers.image.title":"values.yaml"}}}}"#,
        "0".repeat(64),
        stranger.host()
    );
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{config}","size":33}},"layers":[{layer}]}}"#,
        types.0, types.1
    );
    let answer = registry.put_manifest("trap", "1.0.0", types.0, text.as_bytes());
    if answer.status == 201 {
        let pull = ["pack", "pull", "trap:1.0.0", "back", "-r", &registry.host()];
        sandbox().spectro(pull).run().fails(3);
    } else {
        // distribution wants the layer to be there; then the trap can't be laid in it, and a script lays it.
        let registry = Script::unordered([
            Exchange::new("GET", "/v2/trap/manifests/1.0.0")
                .any_number()
                .answers(Reply::new(200).header("Content-Type", types.0).body(text.clone())),
            Exchange::new("GET", &format!("/v2/trap/blobs/{config}"))
                .any_number()
                .answers(Reply::new(200).body(br#"{"name":"trap","version":"1.0.0"}"#.to_vec())),
            Exchange::new("GET", &format!("/v2/trap/blobs/sha256:{}", "0".repeat(64)))
                .any_number()
                .answers(Reply::new(404)),
        ]);
        let pull = ["pack", "pull", "trap:1.0.0", "back", "-r", &registry.host()];
        sandbox().spectro(pull).run().fails(3);
    }
    assert!(stranger.complaints().is_empty(), "{:?}", stranger.complaints());
}

#[test]
fn secrets_are_in_no_output() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    for more in [&[] as &[&str], &["-o", "json"]] {
        let sandbox = sandbox();
        let secret = "hunter2-the-secret";
        let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).args(more);
        let outcome = push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", secret).run().fails(4);
        let encoded = basic_authorization(USER, secret);
        for shown in [&outcome.stdout, &outcome.stderr] {
            assert!(!shown.contains(secret) && !shown.contains(&encoded[6..]), "{shown}");
        }
    }
}
