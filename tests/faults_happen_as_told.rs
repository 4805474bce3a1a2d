//! The test support itself: the proxy forwards verbatim and fails as it is told, a script notices what it was not told, tokens
//! expire, and certificates hold.

use std::{
    fs,
    io::{BufReader, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    Authority, Exchange, Fault, FaultProxy, IDENTITY_TOKEN, Kind, Moment, PASSWORD, RealRegistry, Reply, Script,
    TokenService, USER, basic_authorization, http, needs,
};

/// A server that answers every GET of `/big` with 200,000 bytes, and takes every PUT.
fn simple_server() -> Script {
    let big: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    Script::unordered([
        Exchange::new("GET", "/big").any_number().answers(Reply::new(200).body(big)),
        Exchange::new("PUT", "/blob").any_number().answers(Reply::new(201)),
    ])
}

fn get(proxy: &FaultProxy) -> std::io::Result<http::Answer> {
    http::request(&proxy.host(), "GET", "/big", &[], b"")
}

#[test]
fn the_proxy_forwards_what_comes_and_records_it() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let proxy = FaultProxy::before(&registry);
    let bytes = vec![7; 3_000_000];
    let opened = http::request(&proxy.host(), "POST", "/v2/pack/blobs/uploads/", &[], b"").unwrap().expect(202);
    let location = opened.header("location").unwrap();
    let path = location.strip_prefix(&format!("http://{}", proxy.host())).expect("the location is at the proxy");
    let digest = spectro_pack::digest::Digest::of(&bytes);
    let target = format!("{path}&digest={digest}");
    http::request(&proxy.host(), "PUT", &target, &[("Authorization", "Basic c2VjcmV0")], &bytes).unwrap().expect(201);
    let blob = format!("/v2/pack/blobs/{digest}");
    assert_eq!(http::request(&proxy.host(), "GET", &blob, &[], b"").unwrap().expect(200).body, bytes);
    http::request(&proxy.host(), "HEAD", &blob, &[], b"").unwrap().expect(200);

    let upload = &proxy.select("PUT", "/blobs/uploads/")[0];
    assert_eq!((upload.status, upload.body_length, upload.body.len()), (Some(201), 3_000_000, 65_536));
    assert!(proxy.holds("Basic c2VjcmV0") && !proxy.holds("Basic b3RoZXI"));
    assert_eq!(proxy.select("GET", &blob)[0].answer_length, 3_000_000);
    assert_eq!((proxy.count("*", "/v2/"), proxy.writes(), proxy.rounds(), proxy.connections()), (4, 2, 4, 4));
    assert_eq!(proxy.bytes_sent(), 3_000_000, "{}", proxy.summary());
    proxy.clear();
    assert_eq!(proxy.requests().len(), 0);
}

#[test]
fn a_connection_takes_many_requests() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    let mut stream = BufReader::new(TcpStream::connect(proxy.host()).unwrap());
    for _ in 0..3 {
        stream.get_mut().write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(http::read_answer(&mut stream, "GET").unwrap().body.len(), 200_000);
        stream
            .get_mut()
            .write_all(b"PUT /blob HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            .unwrap();
        http::read_answer(&mut stream, "PUT").unwrap().expect(201);
    }
    assert_eq!((proxy.connections(), server.connections(), proxy.rounds()), (1, 1, 6));
    assert_eq!(server.select("PUT", "/blob")[2].body, b"abc");
}

#[test]
fn a_rule_counts() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    proxy
        .on("GET", "/big")
        .after(1)
        .times(2)
        .answer(Reply::error(503, "UNAVAILABLE", "soon").header("Retry-After", "1"));
    let statuses: Vec<u16> = (0..4).map(|_| get(&proxy).unwrap().status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(server.count("GET", "/big"), 2, "an answered request reached the server");
    proxy.when(|request| request.header("x-odd").is_some()).once().answer(Reply::new(429));
    get(&proxy).unwrap().expect(200);
    http::request(&proxy.host(), "GET", "/big", &[("X-Odd", "1")], b"").unwrap().expect(429);
}

#[test]
fn resets_come_when_they_should() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    let put = || http::request(&proxy.host(), "PUT", "/blob", &[], &vec![1; 4_000_000]);
    let was_reset = |result: std::io::Result<http::Answer>| {
        let kind = result.expect_err("the connection was not reset").kind();
        assert!(matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{kind}");
    };
    proxy.on("PUT", "").once().fault(Fault::Reset(Moment::BeforeRequest));
    was_reset(put());
    assert_eq!((server.requests().len(), proxy.requests()[0].status), (0, None));
    proxy.on("PUT", "").once().fault(Fault::Reset(Moment::DuringRequest(1_000_000)));
    was_reset(put());
    assert_eq!((server.requests().len(), proxy.requests()[1].body_length), (0, 1_000_000));
    proxy.on("PUT", "").once().fault(Fault::Reset(Moment::AfterRequest));
    was_reset(put());
    assert_eq!((server.count("PUT", ""), proxy.requests()[2].status), (1, None));
    proxy.on("GET", "").once().fault(Fault::Reset(Moment::DuringAnswer(150_000)));
    was_reset(get(&proxy));
    put().unwrap().expect(201);
}

#[test]
fn answers_are_cut_changed_and_slowed() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    let whole = get(&proxy).unwrap().body;

    proxy.on("GET", "").once().fault(Fault::Truncate(100_000));
    assert_eq!(get(&proxy).unwrap_err().kind(), ErrorKind::UnexpectedEof);

    proxy.on("GET", "").once().fault(Fault::Flip(123_456));
    let flipped = get(&proxy).unwrap().body;
    let differing: Vec<usize> = (0..whole.len()).filter(|at| flipped[*at] != whole[*at]).collect();
    assert_eq!((differing, flipped[123_456]), (vec![123_456], !whole[123_456]));

    proxy.on("GET", "").once().fault(Fault::Body(b"other".to_vec()));
    proxy.on("GET", "").once().fault(Fault::Header("X-Told", "so".to_owned()));
    let replaced = get(&proxy).unwrap();
    assert_eq!((replaced.text().as_str(), replaced.header("x-told")), ("other", Some("so")));

    proxy.on("GET", "").once().fault(Fault::Header("Content-Length", "10".to_owned()));
    assert_eq!(get(&proxy).unwrap().body, whole[..10]);

    let begun = Instant::now();
    proxy.on("GET", "").once().fault(Fault::Trickle(50_000, Duration::from_millis(20)));
    proxy.on("GET", "").once().fault(Fault::Delay(Duration::from_millis(50)));
    assert_eq!(get(&proxy).unwrap().body, whole);
    assert!(begun.elapsed() >= Duration::from_millis(110), "{:?}", begun.elapsed());
}

#[test]
fn requests_are_changed_and_slowed() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    proxy.on("PUT", "").once().fault(Fault::WithoutRequestHeader("authorization"));
    proxy.on("PUT", "").once().fault(Fault::SlowUpload(1000, Duration::from_millis(10)));
    let begun = Instant::now();
    http::request(&proxy.host(), "PUT", "/blob", &[("Authorization", "Bearer t")], &[1; 5000]).unwrap().expect(201);
    assert!(begun.elapsed() >= Duration::from_millis(50), "{:?}", begun.elapsed());
    assert!(proxy.holds("Bearer t") && !server.holds("Bearer t"));
}

#[test]
fn a_closed_proxy_refuses_and_comes_back() {
    let server = simple_server();
    let mut proxy = FaultProxy::before_host(&server.host());
    let mut open = TcpStream::connect(proxy.host()).unwrap();
    proxy.close();
    assert_eq!(get(&proxy).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(open.read(&mut [0]).unwrap_or(0), 0, "an open connection lives on");
    proxy.reopen();
    get(&proxy).unwrap().expect(200);
}

#[test]
fn rounds_count_waiting_and_not_requests() {
    let server = simple_server();
    let proxy = FaultProxy::before_host(&server.host());
    proxy.on("*", "").fault(Fault::Delay(Duration::from_millis(60)));
    for _ in 0..2 {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| get(&proxy).unwrap().expect(200));
            }
        });
    }
    assert_eq!((proxy.requests().len(), proxy.rounds(), proxy.most_in_flight()), (6, 2, 3), "{}", proxy.summary());
}

#[test]
fn a_script_in_order_says_what_went_otherwise() {
    let asked = |script: &Script, method: &str, path: &str, headers: &[(&str, &str)]| {
        http::request(&script.host(), method, path, headers, b"").unwrap()
    };
    let plot = || {
        [
            Exchange::new("HEAD", "/v2/p/manifests/1")
                .wants_no_header("Cookie")
                .answers(Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://{host}/token\"")),
            Exchange::new("GET", "/token").wants_header("Authorization", "Basic x").answers(
                Reply::new(200).header("Set-Cookie", "sid=1").json(&json!({"access_token": "", "realm": "{host}"})),
            ),
        ]
    };
    let script = Script::ordered(plot());
    let challenge = asked(&script, "HEAD", "/v2/p/manifests/1", &[]).expect(401);
    assert_eq!(
        challenge.header("www-authenticate"),
        Some(&*format!("Bearer realm=\"http://{}/token\"", script.host()))
    );
    let token = asked(&script, "GET", "/token?service=s", &[("authorization", "Basic x")]).expect(200);
    assert_eq!(token.text(), format!(r#"{{"access_token":"","realm":"{}"}}"#, script.host()));
    assert_eq!(script.complaints(), Vec::<String>::new());

    let script = Script::ordered(plot());
    asked(&script, "GET", "/token", &[("Authorization", "Basic x")]).expect(418);
    asked(&script, "HEAD", "/v2/p/manifests/1", &[("Cookie", "sid=1")]).expect(418);
    let complaints = script.complaints().join("\n");
    assert!(complaints.contains("HEAD /v2/p/manifests/1 with no Cookie"), "{complaints}");
    assert!(complaints.contains("GET /token came 0 of 1 times"), "{complaints}");
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(script)));
    assert!(dropped.is_err(), "a script that was not followed did not fail its test");
}

#[test]
fn a_script_without_order_takes_the_first_that_fits() {
    let script = Script::unordered([
        Exchange::new("PUT", "/upload/*").wants_body("abc").times(2).answers(Reply::new(201)),
        Exchange::new("GET", "/list?n=1").answers(Reply::new(200).body("first")),
        Exchange::new("GET", "/list").answers(Reply::new(200).body("other")),
        Exchange::new("DELETE", "/never").any_number(),
    ]);
    let ask = |method: &str, path: &str, body: &[u8]| http::request(&script.host(), method, path, &[], body).unwrap();
    assert_eq!(ask("GET", "/list?n=2", b"").text(), "other");
    assert_eq!(ask("GET", "/list?n=1", b"").text(), "first");
    ask("PUT", "/upload/1", b"abc").expect(201);
    ask("PUT", "/upload/2", b"abc").expect(201);
}

fn claims_of(answer: &http::Answer) -> serde_json::Value {
    use base64::Engine as _;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let claims = body["token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

fn takes_the_tokens_of_the_service(kind: Kind) {
    let tokens = TokenService::start();
    let registry = RealRegistry::with(kind).tokens(&tokens).start();
    let upload = |authorization: Option<&str>| {
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("Authorization", *value)).collect();
        http::request(&registry.host(), "POST", "/v2/packs/nginx/blobs/uploads/", &headers, b"").unwrap()
    };
    let challenge = upload(None).expect(401).header("www-authenticate").unwrap().to_owned();
    assert!(challenge.starts_with(&format!("Bearer realm=\"{}\"", tokens.realm())), "{challenge}");

    let basic = basic_authorization(USER, PASSWORD);
    let token_for = |scope: &str, headers: &[(&str, &str)]| {
        http::request(&tokens.host(), "GET", &format!("/token?service=registry.test&{scope}"), headers, b"").unwrap()
    };
    let bearer = |answer: &http::Answer| {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        format!("Bearer {}", body["token"].as_str().unwrap())
    };
    let write = "scope=repository:packs/nginx:pull,push";
    let granted = token_for(write, &[("Authorization", &basic)]).expect(200);
    upload(Some(&bearer(&granted))).expect(202);
    // A token for less, for nobody and for a wrong password.
    let pull = token_for("scope=repository:packs/nginx:pull", &[("Authorization", &basic)]);
    upload(Some(&bearer(&pull))).expect(401);
    upload(Some(&bearer(&token_for(write, &[])))).expect(401);
    token_for(write, &[("Authorization", "Basic d3Jvbmc=")]).expect(401);
    assert_eq!(tokens.scopes()[0], ["repository:packs/nginx:pull,push"]);

    tokens.expire_unexpectedly_after(Duration::from_secs(1));
    let short = bearer(&token_for(write, &[("Authorization", &basic)]));
    upload(Some(&short)).expect(202);
    std::thread::sleep(Duration::from_millis(2100));
    upload(Some(&short)).expect(401);
}

#[test]
fn distribution_takes_the_tokens_of_the_service() {
    needs!(Distribution);
    takes_the_tokens_of_the_service(Kind::Distribution);
}

#[test]
fn zot_takes_the_tokens_of_the_service() {
    needs!(Zot);
    takes_the_tokens_of_the_service(Kind::Zot);
}

#[test]
fn the_token_service_knows_several_scopes_identity_tokens_and_anybody() {
    let tokens = TokenService::start();
    let form = format!(
        "grant_type=refresh_token&service=registry.test&refresh_token={IDENTITY_TOKEN}&scope=repository:a:pull+repository:b/c:push"
    );
    let posted = http::request(&tokens.host(), "POST", "/token", &[], form.as_bytes()).unwrap().expect(200);
    let access = &claims_of(&posted)["access"];
    assert_eq!((access[0]["name"].as_str(), access[1]["actions"][0].as_str()), (Some("a"), Some("push")), "{access}");
    http::request(&tokens.host(), "POST", "/token", &[], b"refresh_token=other").unwrap().expect(401);
    let anonymous = || http::request(&tokens.host(), "GET", "/token?scope=repository:a:pull,push", &[], b"").unwrap();
    assert_eq!(claims_of(&anonymous())["access"], json!([]));
    tokens.allow_anonymous_pull();
    assert_eq!(claims_of(&anonymous())["access"][0]["actions"], json!(["pull"]));
}

/// Returns the status of `GET https://HOST/PATH`, or the error's whole text.
fn https(url: &str, authority: &Authority, identity: Option<&str>) -> Result<u16, String> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let mut client = reqwest::Client::builder().tls_certs_only([root]);
    if let Some(pem) = identity {
        client = client.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    let client = client.build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let answer = runtime.block_on(client.get(url).send());
    answer.map(|answer| answer.status().as_u16()).map_err(|error| format!("{error:?}"))
}

fn shows_the_certificate(kind: Kind) {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let registry = RealRegistry::with(kind).tls(&authority).start();
    let url = format!("https://{}/v2/", registry.host());
    assert_eq!(https(&url, &authority, None), Ok(200));
    assert_eq!(https(&url.replace("127.0.0.1", "localhost"), &authority, None), Ok(200));
    assert!(https(&url, &stranger, None).unwrap_err().contains("UnknownIssuer"));
}

#[test]
fn distribution_shows_its_certificate() {
    needs!(Distribution);
    shows_the_certificate(Kind::Distribution);
}

#[test]
fn zot_shows_its_certificate() {
    needs!(Zot);
    shows_the_certificate(Kind::Zot);
}

#[test]
fn distribution_wants_a_client_certificate_where_told() {
    needs!(Distribution);
    let (authority, clients) = (Authority::new(), Authority::new());
    let registry = RealRegistry::with(Kind::Distribution).client_certificates(&authority, &clients).start();
    let url = format!("https://{}/v2/", registry.host());
    let known = clients.client("pack-author");
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = known.write(folder.path());
    let both = fs::read_to_string(certificate).unwrap() + &fs::read_to_string(key).unwrap();
    assert_eq!(https(&url, &authority, Some(&both)), Ok(200));
    assert!(https(&url, &authority, None).is_err());
}

#[test]
fn a_script_speaks_tls() {
    let authority = Authority::new();
    let script = Script::unordered_tls([Exchange::new("GET", "/v2/").answers(Reply::new(204))], &authority);
    assert_eq!(https(&format!("https://{}/v2/", script.host()), &authority, None), Ok(204));
}
