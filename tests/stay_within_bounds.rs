//! Whatever a server sends, memory stays small and the command ends: with its exit code, and with nothing on disk.

use std::time::Duration;

use serde_json::json;
use spectro_pack::digest::Digest;

use crate::support::{Flood, Flow, Outcome, Sandbox};

/// What a command may have resident, in bytes.
const MEMORY: u64 = 64 << 20;

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

fn run(server: &Flood, words: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    let host = server.host();
    let more = ["-r", &host, "--retries", "0", "--timeout", "2"];
    let outcome = sandbox.spectro(words).args(more).limit(Duration::from_mins(1)).watch_memory().run();
    let megabytes = outcome.peak_memory >> 20;
    assert!(outcome.peak_memory > 0 && outcome.peak_memory < MEMORY, "{megabytes} MiB{outcome}");
    assert!(!sandbox.path("back").exists(), "something was left{outcome}");
    outcome
}

fn pull(server: &Flood) -> Outcome {
    run(server, &["pack", "pull", "nginx:1.0", "back"])
}

fn megabyte(byte: u8) -> Vec<u8> {
    vec![byte; 1 << 20]
}

fn ok(kind: &str, more: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}{more}")
}

/// Serves a pack whose one layer has this size by its descriptor, and is answered like this.
fn with_layer(size: u64, layer: Flow) -> Flood {
    let config = br#"{"name": "nginx", "version": "1.0"}"#;
    let values = Digest::of(b"whatever");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.spectrocloud.pack.config.v1+json",
            "digest": Digest::of(config).as_str(), "size": config.len(),
        },
        "layers": [{
            "mediaType": "application/vnd.spectrocloud.pack.values.v1+yaml", "digest": values.as_str(), "size": size,
            "annotations": { "org.opencontainers.image.title": "values.yaml" },
        }],
    })
    .to_string();
    Flood::start(move |_, target, _| {
        if target.contains("/manifests/") {
            let head = ok(MANIFEST_TYPE, &format!("\r\nContent-Length: {}", manifest.len()));
            Flow::new(head).piece(manifest.clone(), 1)
        } else if target.ends_with(values.as_str()) {
            layer.clone()
        } else {
            Flow::new(ok("application/octet-stream", &format!("\r\nContent-Length: {}", config.len())))
                .piece(*config, 1)
        }
    })
}

#[test]
fn a_manifest_of_300_megabytes() {
    for length in ["\r\nContent-Length: 314572800", ""] {
        let server = Flood::start(move |_, _, _| Flow::new(ok(MANIFEST_TYPE, length)).piece(megabyte(b' '), 300));
        pull(&server).fails(6).says("larger than 4194304 bytes");
    }
}

#[test]
fn a_layer_of_10_gigabytes_of_which_64_kib_come() {
    let layer = Flow::new(ok("application/octet-stream", "\r\nContent-Length: 65536")).piece(vec![0; 65536], 1);
    let server = with_layer(10 << 30, layer);
    let outcome = pull(&server);
    assert!(matches!(outcome.code, Some(6 | 7)), "{outcome}");
}

#[test]
fn a_layer_that_goes_on_behind_its_end() {
    let layer = Flow::new(ok("application/octet-stream", "")).piece(megabyte(0), 2000);
    pull(&with_layer(1 << 20, layer)).fails(6);
}

#[test]
fn a_layer_that_claims_to_be_compressed_on_the_way() {
    // 1 GiB of zeros is 1 MiB of gzip: nothing unpacks it, so its bytes are simply others than promised.
    let layer = Flow::new(ok("application/octet-stream", "\r\nContent-Encoding: gzip\r\nContent-Length: 1048576"));
    pull(&with_layer(1 << 20, layer.piece(megabyte(31), 1))).fails(6);
}

#[test]
fn a_body_that_trickles() {
    let layer = Flow::new(ok("application/octet-stream", "\r\nContent-Length: 1000")).piece("x", 1000);
    pull(&with_layer(1000, layer.every(Duration::from_secs(4)))).fails(8).says("sent no byte for 2 s");
}

/// Each byte comes in time, and the whole would take a day.
#[test]
fn a_body_of_a_byte_now_and_then() {
    let layer = Flow::new(ok("application/octet-stream", "\r\nContent-Length: 200000")).piece("x", 200_000);
    let outcome = pull(&with_layer(200_000, layer.every(Duration::from_millis(500)))).fails(8).says("sent only");
    assert!(outcome.elapsed < Duration::from_secs(10), "{outcome}");
    let head = ok(MANIFEST_TYPE, "\r\nContent-Length: 200000");
    let server =
        Flood::start(move |_, _, _| Flow::new(head.clone()).piece(" ", 200_000).every(Duration::from_millis(500)));
    assert!(pull(&server).fails(8).says("sent only").elapsed < Duration::from_secs(10));
}

#[test]
fn a_list_of_tags_without_an_end() {
    let endless = |link: fn(&str) -> String| {
        Flood::start(move |_, target, _| {
            let tags: Vec<_> = (0..1000).map(|number| format!("\"{}.{number}\"", target.len())).collect();
            let body = format!("{{\"name\": \"nginx\", \"tags\": [{}]}}", tags.join(","));
            let next = format!("\r\nLink: <{}>; rel=\"next\"\r\nContent-Length: {}", link(target), body.len());
            Flow::new(ok("application/json", &next)).piece(body, 1)
        })
    };
    let server = endless(|target| format!("{target}x"));
    run(&server, &["pack", "pull", "nginx", "back"]).fails(7).says("more than 200000 tags");
    let server = endless(ToOwned::to_owned);
    run(&server, &["pack", "pull", "nginx", "back"]).fails(7).says("a page comes again");
}

#[test]
fn a_page_of_tags_of_a_gigabyte() {
    let server = Flood::start(|_, _, _| Flow::new(ok("application/json", "")).piece(megabyte(b' '), 1000));
    run(&server, &["pack", "pull", "nginx", "back"]).fails(6).says("larger than 8388608 bytes");
}

#[test]
fn a_circle_of_redirects() {
    let server = Flood::start(|_, target, _| {
        Flow::new(format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {target}\r\nContent-Length: 0"))
    });
    pull(&server).fails(8).says("redirects more than 10 times");
}

#[test]
fn a_token_of_a_gigabyte() {
    let server = Flood::start(|_, target, host| {
        if target.starts_with("/token") {
            return Flow::new(ok("application/json", "")).piece(megabyte(b' '), 1000);
        }
        let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"");
        Flow::new(format!("HTTP/1.1 401 Unauthorized\r\n{challenge}\r\nContent-Length: 0"))
    });
    pull(&server).fails(6).says("larger than 65536 bytes");
}

#[test]
fn an_error_of_a_gigabyte() {
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain";
    let server = Flood::start(move |_, _, _| Flow::new(head).piece(megabyte(b'x'), 1000));
    pull(&server).fails(4);
}

#[test]
fn headers_without_an_end() {
    let server = Flood::start(|_, _, _| Flow::new("HTTP/1.1 200 OK\r\nX: y").piece(megabyte(b'x'), 1000));
    let header = format!("X-Many: {}\r\n", "y".repeat(1000));
    pull(&server);
    let server = Flood::start(move |_, _, _| Flow::new(format!("HTTP/1.1 200 OK\r\n{}X: y", header.repeat(5000))));
    pull(&server).fails(8);
}

#[test]
fn answers_that_are_always_only_a_beginning() {
    let server = Flood::start(|_, _, _| {
        Flow::new("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue")
            .piece("HTTP/1.1 100 Continue\r\n\r\n", 1_000_000)
    });
    pull(&server).fails(8);
}
