//! Where https does not come about, it is said why, and which flag would help.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex},
};

use crate::support::{
    Authority, Certificate, Exchange, Kind, Listener, Outcome, RealRegistry, Reply, Sandbox, Script, have, needs,
};

fn inspect(sandbox: &Sandbox, server: &str, more: &[&str]) -> Outcome {
    sandbox.spectro(["pack", "inspect", "nginx:1.0", "-r", server, "--retries", "0"]).args(more).run()
}

fn serve(certificate: &Certificate) -> Script {
    Script::unordered_with([Exchange::new("GET", "/v2/*").any_number().answers(Reply::new(404))], certificate)
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let authority = Authority::new();
    let sandbox = Sandbox::new();
    let trusted = authority.write(sandbox.work()).display().to_string();
    for (certificate, problem, hint) in [
        (authority.server_valid(2020, 2021), "its certificate has expired", "have it renewed"),
        (authority.server_valid(4000, 4001), "its certificate is not valid yet", "clock"),
        (authority.server_named("reg.example"), "its certificate is for another host", "as its certificate does"),
        (Authority::new().server(), "signed by nobody who is trusted here", "--ca-file FILE"),
    ] {
        let server = serve(&certificate);
        let address = format!("https://{}", server.host());
        let outcome = inspect(&sandbox, &address, &["--ca-file", &trusted]).fails(8).says(problem);
        outcome.says(&format!("cannot reach `{}`", server.host())).says(hint);
        inspect(&sandbox, &address, &["-i"]).fails(3).says("is not verified");
    }
    let server = serve(&authority.server());
    inspect(&sandbox, &format!("https://{}", server.host()), &["--ca-file", &trusted]).fails(3);
}

#[test]
fn https_and_http_that_were_mixed_up() {
    for kind in Kind::ALL {
        if !have("speak_tls::https_and_http_that_were_mixed_up", &[kind.tool()]) {
            continue;
        }
        let sandbox = Sandbox::new();
        let plain = RealRegistry::start(kind);
        let outcome = inspect(&sandbox, &format!("https://{}", plain.host()), &[]).fails(8);
        outcome.says("it does not speak https there").says("--plain-http");
        let secure = RealRegistry::with(kind).tls(&Authority::new()).start();
        let outcome = inspect(&sandbox, &secure.host(), &[]);
        outcome.says("HTTP request to an HTTPS server").says(&format!("-r https://{}", secure.host()));
    }
}

#[test]
fn a_client_certificate_is_asked_for_and_shown() {
    needs!(Distribution);
    let (authority, clients) = (Authority::new(), Authority::new());
    let registry =
        RealRegistry::with(Kind::Distribution).tls(&authority).client_certificates(&authority, &clients).start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let trusted = authority.write(sandbox.work()).display().to_string();
    let address = format!("https://{}", registry.host());
    // Whether the alert of TLS 1.3 is still read or the connection is gone before is the system's affair; the advice is the same.
    inspect(&sandbox, &address, &["--ca-file", &trusted]).fails(8).says("--cert-file FILE --key-file FILE");
    let (certificate, key) = clients.client("ci").write(sandbox.work());
    let flags =
        ["--ca-file", &trusted, "--cert-file", certificate.to_str().unwrap(), "--key-file", key.to_str().unwrap()];
    let push = ["pack", "push", "golden-centos-aws", "-r", &address];
    sandbox.spectro(push).args(flags).run().success().prints("pushed");
    inspect(&sandbox, &address, &["--cert-file", "x.pem"]).fails(2);
    sandbox.write("x.pem", "no certificate");
    inspect(&sandbox, &address, &["--ca-file", "x.pem"]).fails(2).says("the CA file holds no certificate");
    inspect(&sandbox, &address, &["--cert-file", "x.pem", "--key-file", "x.pem"]).fails(2).says("not PEM");
}

/// zot looks at a certificate that is shown, and lets in who shows none.
#[test]
fn a_zot_takes_the_client_certificate_of_its_authority_and_no_other() {
    needs!(Zot);
    let (authority, clients) = (Authority::new(), Authority::new());
    let registry = RealRegistry::with(Kind::Zot).client_certificates(&authority, &clients).start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let trusted = authority.write(sandbox.work()).display().to_string();
    let address = format!("https://{}", registry.host());
    let push = |(certificate, key): (std::path::PathBuf, std::path::PathBuf)| {
        let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "--retries", "0", "-r", &address]);
        let push = push.args(["--ca-file", &trusted]).arg("--cert-file").arg(certificate).arg("--key-file").arg(key);
        push.run()
    };
    push(Authority::new().client("stranger").write(sandbox.work())).fails(8).says(&registry.host());
    push(clients.client("ci").write(sandbox.work())).success().prints("pushed");
}

/// Starts a proxy that opens tunnels, all to one place, and keeps the lines with which they were asked for.
fn tunnels(to: String) -> (Listener, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let listener = Listener::start(
        0,
        Arc::new(move |stream: Arc<TcpStream>, _| {
            let mut head = BufReader::new(&*stream);
            let mut first = String::new();
            let mut line = String::from("\n");
            if head.read_line(&mut first).is_err() {
                return;
            }
            while !line.trim().is_empty() {
                line.clear();
                if head.read_line(&mut line).is_err() {
                    return;
                }
            }
            kept.lock().expect("nobody panics with this lock").push(first.trim().to_owned());
            if !first.starts_with("CONNECT ") {
                (&*stream).write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n").ok();
                return;
            }
            let Ok(upstream) = TcpStream::connect(&to) else { return };
            (&*stream).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    io::copy(&mut &*stream, &mut &upstream).ok();
                    upstream.shutdown(Shutdown::Write).ok();
                });
                io::copy(&mut &upstream, &mut &*stream).ok();
                stream.shutdown(Shutdown::Write).ok();
            });
        }),
    );
    (listener, asked)
}

#[test]
fn https_goes_through_the_tunnel_of_a_proxy_which_sees_nothing_of_it() {
    let authority = Authority::new();
    let server = serve(&authority.server_named("registry.test"));
    let (proxy, asked) = tunnels(server.host());
    let sandbox = Sandbox::new();
    let trusted = authority.write(sandbox.work()).display().to_string();
    let inspect = |variable: &str| {
        let words = ["pack", "inspect", "nginx:1.0", "-r", "registry.test", "--retries", "0", "--ca-file", &trusted];
        let inspect = sandbox.spectro(words).env("SPECTRO_USERNAME", "ci").env("SPECTRO_PASSWORD", "hunter2");
        inspect.env(variable, format!("http://{}", proxy.host())).run()
    };
    inspect("HTTPS_PROXY").fails(3).says("is not in `registry.test/nginx`");
    inspect("https_proxy").fails(3);
    let asked = asked.lock().expect("nobody panics with this lock").clone();
    assert!(asked.len() >= 2 && asked.iter().all(|line| line == "CONNECT registry.test:443 HTTP/1.1"), "{asked:?}");
    drop(proxy);
    let gone = sandbox.spectro(["pack", "inspect", "nginx:1.0", "-r", "registry.test", "--retries", "0"]);
    gone.env("HTTPS_PROXY", "http://127.0.0.1:1").run().fails(8).says("cannot reach `registry.test`");
}
