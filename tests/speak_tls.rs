//! Where https does not come about, it is said why, and which flag would help.

use crate::support::{
    Authority, Certificate, Exchange, Kind, Outcome, RealRegistry, Reply, Sandbox, Script, have, needs,
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
