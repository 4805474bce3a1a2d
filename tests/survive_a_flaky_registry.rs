//! Faults that pass heal by themselves; faults that stay end with what was tried.

use std::{
    io::{self, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use spectro_pack::{
    digest::Digest,
    registry::{Intent, RetryRule, Server, Settings},
    store::{Source as _, Target as _},
};

use crate::support::{
    Fault, FaultProxy, Kind, Listener, Moment, PASSWORD, RealRegistry, Recorded, Reply, Sandbox, TokenService, USER,
    artifact::{Content, settings},
    as_stored, assert_same_tree,
    http::{Body, Head},
    needs, tree,
};

/// A pack with a blob that goes in one PUT, and small ones.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    sandbox.write("golden-centos-aws/big.bin", bytes);
    sandbox
}

fn comes_back(sandbox: &Sandbox, registry: &RealRegistry) {
    let pull = ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &registry.host()];
    sandbox.spectro(pull).run().success();
    assert_same_tree(&as_stored(tree(sandbox.path("golden-centos-aws"))), &tree(sandbox.path("back")));
}

#[test]
fn a_push_survives_what_passes() {
    for registry in RealRegistry::every("survive_a_flaky_registry::a_push_survives_what_passes") {
        let faults: Vec<(&str, &str, Fault)> = vec![
            ("HEAD", "/manifests/", Fault::Reset(Moment::BeforeRequest)),
            ("HEAD", "/manifests/", Fault::Answer(Reply::new(503))),
            ("POST", "/blobs/uploads/", Fault::Answer(Reply::new(502))),
            ("POST", "/blobs/uploads/", Fault::Reset(Moment::AfterRequest)),
            ("POST", "/blobs/uploads/", Fault::Answer(Reply::new(429).header("Retry-After", "1"))),
            ("PUT", "/blobs/uploads/", Fault::Reset(Moment::DuringRequest(70_000))),
            ("PUT", "/blobs/uploads/", Fault::Answer(Reply::new(504))),
            ("PUT", "/blobs/uploads/", Fault::Answer(Reply::error(404, "BLOB_UPLOAD_UNKNOWN", "gone"))),
            ("PUT", "/manifests/", Fault::Answer(Reply::new(500))),
            ("PUT", "/manifests/", Fault::Reset(Moment::DuringAnswer(0))),
        ];
        for (number, (method, path, fault)) in faults.into_iter().enumerate() {
            let sandbox = sandbox();
            // Other bytes each time: what is there is not sent.
            sandbox.write("golden-centos-aws/number", number.to_string());
            let mut big = sandbox.read("golden-centos-aws/big.bin");
            big.push(u8::try_from(number).expect("there are few faults"));
            sandbox.write("golden-centos-aws/big.bin", big);
            let proxy = FaultProxy::before(&registry);
            let shown = format!("{:?} {method} {path} {fault:?}", registry.kind());
            proxy.on(method, path).times(2).fault(fault);
            let push = ["pack", "push", "golden-centos-aws", "-f", "-r", &proxy.host()];
            let outcome = sandbox.spectro(push).run();
            assert_eq!(outcome.code, Some(0), "{shown}: {}\n{}", outcome.stderr, proxy.summary());
            assert!(proxy.count(method, path) > 0, "{shown}: the fault was never met");
            comes_back(&sandbox, &registry);
        }
    }
}

#[test]
fn a_pull_survives_what_passes() {
    for registry in RealRegistry::every("survive_a_flaky_registry::a_pull_survives_what_passes") {
        let sandbox = sandbox();
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
        let stored = as_stored(tree(sandbox.path("golden-centos-aws")));
        let faults: Vec<(&str, Fault)> = vec![
            ("/manifests/", Fault::Reset(Moment::BeforeRequest)),
            ("/manifests/", Fault::Reset(Moment::AfterRequest)),
            ("/manifests/", Fault::Reset(Moment::DuringAnswer(300))),
            ("/manifests/", Fault::Answer(Reply::new(503))),
            ("/manifests/", Fault::Answer(Reply::new(429))),
            ("/blobs/", Fault::Reset(Moment::BeforeRequest)),
            ("/blobs/", Fault::Reset(Moment::DuringAnswer(0))),
            ("/blobs/", Fault::Reset(Moment::DuringAnswer(500))),
            ("/blobs/", Fault::Answer(Reply::new(500))),
            ("/blobs/", Fault::Answer(Reply::new(429).header("Retry-After", "1"))),
            (
                "/blobs/",
                Fault::Answer(
                    Reply::new(503)
                        .header("Date", "Mon, 23 Nov 2026 10:00:00 GMT")
                        .header("Retry-After", "Mon, 23 Nov 2026 10:00:01 GMT"),
                ),
            ),
        ];
        for (path, fault) in faults {
            let proxy = FaultProxy::before(&registry);
            let shown = format!("{:?} GET {path} {fault:?}", registry.kind());
            proxy.on("GET", path).times(2).fault(fault);
            let outcome =
                sandbox.spectro(["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &proxy.host()]).run();
            assert_eq!(outcome.code, Some(0), "{shown}: {}\n{}", outcome.stderr, proxy.summary());
            assert!(proxy.count("GET", path) > 2, "{shown}: the fault was never met");
            assert_same_tree(&stored, &tree(sandbox.path("back")));
            std::fs::remove_dir_all(sandbox.path("back")).expect("what was pulled can be removed");
        }
    }
}

#[test]
fn each_transient_status_is_tried_again_and_no_other() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
    let inspect = |status: u16, retries: &[&str]| {
        let proxy = FaultProxy::before(&registry);
        proxy.on("GET", "/manifests/").times(1).answer(Reply::new(status));
        let command =
            sandbox.spectro(["pack", "inspect", "golden-centos-aws:7.7.1908", "-r", &proxy.host()]).args(retries);
        (command.run().code, proxy.count("GET", "/manifests/"))
    };
    for status in [408, 425, 429, 500, 502, 503, 504] {
        assert_eq!(inspect(status, &[]), (Some(0), 2), "{status} passes");
        assert_eq!(inspect(status, &["--retries", "0"]), (Some(8), 1), "{status} with --retries 0");
    }
    for (status, exit) in [(400, 8), (403, 4), (404, 3), (501, 8)] {
        assert_eq!(inspect(status, &[]), (Some(exit), 1), "{status} stays");
    }
}

#[test]
fn a_fault_that_stays_says_what_was_tried() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let proxy = FaultProxy::before(&registry);
    proxy.on("PUT", "/manifests/").answer(Reply::error(503, "UNAVAILABLE", "maintenance"));
    let sandbox = sandbox();
    let push =
        |more: &[&str]| sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]).args(more).run();
    let outcome = push(&["--retries", "2"]).fails(8).says("gave up after 3 tries").says("503 UNAVAILABLE: maintenance");
    outcome.says("blobs are there, the tag is as it was");
    assert_eq!(proxy.count("PUT", "/manifests/"), 3);
    proxy.clear();
    push(&["--retries", "0"]).fails(8);
    assert_eq!(proxy.count("PUT", "/manifests/"), 1);
    proxy.heal();
    proxy.on("HEAD", "/manifests/").answer(Reply::new(429).header("Retry-After", "3600"));
    let started = Instant::now();
    push(&[]).fails(8).says("the server asks to come back in 3600 s");
    assert!(started.elapsed() < Duration::from_secs(10), "a wait of an hour is not begun");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
    let proxy = FaultProxy::before(&registry);
    proxy.on("GET", "/blobs/").fault(Fault::Trickle(1, Duration::from_secs(30)));
    let pull =
        ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &proxy.host(), "--timeout", "1", "--retries", "0"];
    sandbox.spectro(pull).run().fails(8).says("sent no byte for 1 s");
    assert!(!sandbox.path("back").exists());
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    tokens.expire_unexpectedly_after(Duration::from_secs(2));
    let proxy = FaultProxy::before(&registry);
    // The registry's realm is on its own host, so the proxy changes nothing about who may have the password.
    proxy.on("POST", "/blobs/uploads/").times(2).fault(Fault::Delay(Duration::from_secs(3)));
    let sandbox = sandbox();
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success().prints("pushed");
    assert!(tokens.scopes().len() > 1, "the token ended while the push was under way");
}

/// The bytes of a large blob can't be sent again by whoever is refused: another session is opened, with another token.
#[test]
fn a_token_that_ends_while_a_large_blob_is_sent_is_renewed() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    let proxy = FaultProxy::before(&registry);
    let challenge = format!("Bearer realm=\"{}\",service=\"registry.test\"", tokens.realm());
    let is_large = |request: &Recorded| {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        request.is("PUT", "/blobs/uploads/") && length > 100_000
    };
    proxy.when(is_large).once().answer(Reply::new(401).header("WWW-Authenticate", challenge));
    let sandbox = sandbox();
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success().prints("pushed");
    assert_eq!(proxy.requests().iter().filter(|request| is_large(request)).count(), 2, "{}", proxy.summary());
    assert_eq!(tokens.scopes().len(), 2, "{:?}", tokens.scopes());
}

#[test]
fn answers_that_lie_are_refused() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).run().success();
    let other = format!("sha256:{}", "0".repeat(64));
    let index = "application/vnd.oci.image.index.v1+json".to_owned();
    let both = br#"{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}"#.to_vec();
    for (path, fault, exit) in [
        ("/manifests/", Fault::Header("Docker-Content-Digest", other), 6),
        ("/manifests/", Fault::Header("Docker-Content-Digest", "sha256:../../etc/passwd".into()), 6),
        ("/manifests/", Fault::Header("Content-Type", index), 6),
        ("/manifests/", Fault::Body(both), 6),
        ("/manifests/", Fault::Body(vec![b' '; 5 << 20]), 6),
        ("/manifests/", Fault::Body(b"<html>".to_vec()), 6),
        ("/blobs/", Fault::Body(vec![0; 100]), 6),
        ("/blobs/", Fault::Body(Vec::new()), 6),
    ] {
        let proxy = FaultProxy::before(&registry);
        let shown = format!("{path} {fault:?}").chars().take(200).collect::<String>();
        proxy.on("GET", path).fault(fault);
        let pull = ["pack", "pull", "golden-centos-aws:7.7.1908", "back", "-r", &proxy.host(), "--retries", "0"];
        let outcome = sandbox.spectro(pull).run();
        assert_eq!(outcome.code, Some(exit), "{shown}: {}", outcome.stderr);
        assert!(!sandbox.path("back").exists(), "{shown}");
    }
}

#[test]
fn a_registry_that_is_started_anew_is_waited_for() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    let mut proxy = FaultProxy::before(&registry);
    let host = proxy.host();
    proxy.close();
    let running = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &host]).spawn();
    std::thread::sleep(Duration::from_millis(300));
    proxy.reopen();
    let outcome = running.wait().success().prints("pushed");
    outcome.says("trying again: cannot reach");
    comes_back(&sandbox, &registry);
}

/// Servers close connections that wait for the next request; one that was taken from the pool may be among them.
#[test]
fn a_connection_that_the_server_has_closed_is_replaced() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = sandbox();
    // It forwards one request a connection, says nothing of the end, and ends.
    let upstream = registry.host();
    let closing = Listener::start(
        0,
        Arc::new(move |stream: Arc<TcpStream>, _| {
            let mut reader = BufReader::new(&*stream);
            let Ok(Some(head)) = Head::read(&mut reader) else { return };
            let Ok(mut to) = TcpStream::connect(&upstream) else { return };
            let length = head.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if to.write_all(&head.to_bytes()).is_err() || io::copy(&mut reader.take(length), &mut to).is_err() {
                return;
            }
            let mut answer = BufReader::new(to);
            let Ok(Some(head_of_answer)) = Head::read(&mut answer) else { return };
            let framing = head_of_answer.answer_framing(head.word(0));
            (&*stream).write_all(&head_of_answer.to_bytes()).ok();
            io::copy(&mut Body::new(&mut answer, framing), &mut &*stream).ok();
        }),
    );
    let push = ["pack", "push", "golden-centos-aws", "-r", &closing.host()];
    sandbox.spectro(push).run().success().prints("pushed");
    sandbox.spectro(push).run().success().prints("unchanged");
    comes_back(&sandbox, &registry);
}

/// A token of which the service says that it ends soon is not used until a 401 says so.
#[test]
fn a_token_is_given_up_before_it_ends() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    // Less than the margin of 30 seconds: each request that comes later has a token of its own.
    tokens.expire_after(Duration::from_secs(25));
    let proxy = FaultProxy::before(&registry);
    let sandbox = sandbox();
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run().success().prints("pushed");
    let refused = proxy.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!(refused, 1, "only the first request is refused: {}", proxy.summary());
    assert!(tokens.scopes().len() > 2, "{:?}", tokens.scopes());
}

/// A download that has brought bytes and breaks off goes on, however long it has taken: only the time without any is counted.
#[test]
fn a_long_download_that_breaks_off_goes_on() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let proxy = FaultProxy::before(&registry);
    let content = Content::of_bytes([Bytes::from(vec![7; 400_000])]);
    let blob = content.parts[0].clone();
    let budget = RetryRule { retries: 4, budget: Duration::from_millis(900) };
    rustls::crypto::ring::default_provider().install_default().ok();
    let server = Server::new(Settings { retry: budget, ..settings(&proxy.host()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let repository = server.repository("a/b".parse().unwrap(), Intent::Push);
        repository.push_blob(&blob, &content, None).await.unwrap();
        // 20 pieces of 100 ms are longer than the budget; then it ends.
        proxy.on("GET", "/blobs/").once().fault(Fault::Trickle(10_000, Duration::from_millis(100)));
        proxy.on("GET", "/blobs/").once().fault(Fault::Truncate(200_000));
        let bytes = repository.blob(&blob).await.unwrap().read_all(1 << 20).await.unwrap();
        assert_eq!(Digest::of(&bytes), blob.digest);
    });
    assert_eq!(proxy.count("GET", "/blobs/"), 2, "{}", proxy.summary());
    assert!(proxy.select("GET", "/blobs/")[1].header("range").is_some_and(|range| range == "bytes=200000-"));
}
