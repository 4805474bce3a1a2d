//! What stands before a registry (nginx, a load balancer, a portal) answers with pages of its own; they are read for what they mean.

use std::{
    io::{self, BufReader, Read as _},
    net::{Shutdown, TcpStream},
    sync::Arc,
};

use crate::support::{Exchange, Listener, Outcome, PASSWORD, Reply, Sandbox, Script, USER, http::Head};

fn page(status: u16) -> Reply {
    Reply::new(status).header("Content-Type", "text/html").body("<html><h1>Declared</h1><hr>nginx</html>")
}

/// A pack with a blob that goes in one PUT.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox.write("golden-centos-aws/big.bin", vec![7; 1 << 20]);
    sandbox
}

fn push(sandbox: &Sandbox, host: &str) -> Outcome {
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", host, "--retries", "0"]).run()
}

#[test]
fn a_page_says_what_its_status_says() {
    for (status, exit, says, hint) in [
        (200, 8, "is not a registry: it answered text/html", "check the server's name and its port"),
        (404, 8, "is not a registry: it answered text/html (404)", "check the server's name and its port"),
        (401, 4, "answered 401 Unauthorized with a web page", "were refused"),
        (403, 4, "answered 403 Forbidden with a web page", "spectro registry login"),
        (429, 8, "answered 429 Too Many Requests", "try again"),
        (502, 8, "answered 502 Bad Gateway with a web page", "try again"),
        (503, 8, "answered 503 Service Unavailable with a web page", "try again"),
    ] {
        let replies = page(status).header("WWW-Authenticate", "Basic realm=\"x\"");
        let server = Script::unordered([Exchange::new("GET", "/v2/*").any_number().answers(replies)]);
        let inspect = ["pack", "inspect", "nginx:1.0", "-r", &server.host(), "--retries", "0"];
        let sandbox = Sandbox::new();
        let inspect = sandbox.spectro(inspect).env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD);
        inspect.run().fails(exit).says(says).says(hint);
    }
}

/// Serves a registry that has nothing, and a gateway before it that takes no large body: it answers 413 when it has read the head.
fn gateway(reads_on: bool) -> Listener {
    let handler = move |stream: Arc<TcpStream>, _| {
        let mut reader = BufReader::new(&*stream);
        while let Ok(Some(head)) = Head::read(&mut reader) {
            let length: u64 = head.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            let is_large = length > 100_000;
            let reply = match head.word(0) {
                "PUT" if is_large => page(413).header("Connection", "close"),
                "POST" => Reply::new(202).header("Location", "/v2/u"),
                "PUT" => Reply::new(201),
                _ => Reply::new(404),
            };
            let mut body = (&mut reader).take(length);
            if reads_on || !is_large {
                io::copy(&mut body, &mut io::sink()).ok();
            }
            if reply.write(&mut &*stream, head.word(0)).is_err() || is_large {
                // nginx reads on for a while ("lingering_close"), so that the client sees the answer and no reset.
                stream.shutdown(Shutdown::Write).ok();
                io::copy(&mut body, &mut io::sink()).ok();
                return;
            }
        }
    };
    Listener::start(0, Arc::new(handler))
}

/// It was told as "is not a registry", which sends people to look for the wrong fault.
#[test]
fn a_file_that_is_too_large_is_named_with_its_size_and_with_who_can_change_that() {
    for reads_on in [true, false] {
        let server = gateway(reads_on);
        let outcome = push(&sandbox(), &server.host()).fails(4);
        let outcome = outcome.says("cannot store `big.bin`").says("the upload of 1048576 bytes to");
        let outcome = outcome.says("answered 413 Payload Too Large with a web page").says("client_max_body_size");
        assert!(!outcome.stderr.contains("is not a registry"), "{outcome}");
    }
    // A registry's own words are told as well.
    let server = Script::unordered([
        Exchange::new("HEAD", "/v2/*").any_number().answers(Reply::new(404)),
        Exchange::new("POST", "/v2/*").any_number().answers(Reply::new(202).header("Location", "/v2/u")),
        Exchange::new("PUT", "/v2/*").any_number().answers(Reply::error(413, "SIZE_INVALID", "at most 512 bytes")),
    ]);
    let outcome = push(&sandbox(), &server.host()).fails(4);
    outcome.says("answered 413 SIZE_INVALID: at most 512 bytes").says("bytes to");
}

#[test]
fn a_portal_that_redirects_to_its_login_page_is_no_registry() {
    let server = Script::unordered([
        Exchange::new("HEAD", "/v2/*").any_number().answers(Reply::new(302).header("Location", "/login")),
        Exchange::new("GET", "/v2/*").any_number().answers(Reply::new(302).header("Location", "/login")),
        Exchange::new("HEAD", "/login").any_number().answers(page(200)),
        Exchange::new("GET", "/login").any_number().answers(page(200)),
    ]);
    push(&sandbox(), &server.host()).fails(8).says("is not a registry: it answered text/html");
    let login = ["registry", "login", &server.host(), "-u", USER, "--password-stdin", "--retries", "0"];
    Sandbox::new().spectro(login).stdin("p\n").run().fails(8).says("is not a registry");
    assert_eq!(server.writes(), 0, "{}", server.summary());
}
