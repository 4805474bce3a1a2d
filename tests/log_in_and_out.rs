//! Credentials are checked where they are for, kept where Docker keeps them, and forgotten when asked.

use std::{
    fs, io,
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use serde_json::{Value, json};

use crate::support::{
    Authority, Exchange, Kind, Outcome, PASSWORD, RealRegistry, Reply, Sandbox, Script, TokenService, USER,
    basic_authorization, needs,
};

const CONFIG: &str = ".docker/config.json";

fn login(sandbox: &Sandbox, server: &str, user: &str, password: &str, more: &[&str]) -> Outcome {
    let words = ["registry", "login", server, "-u", user, "--password-stdin"];
    sandbox.spectro(words).args(more).stdin(format!("{password}\n")).run()
}

fn docker_config(sandbox: &Sandbox) -> Option<Value> {
    let text = fs::read_to_string(sandbox.home().join(CONFIG)).ok()?;
    Some(serde_json::from_str(&text).expect("the configuration is JSON"))
}

#[test]
fn a_login_is_all_that_a_push_needs() {
    for kind in [Kind::Distribution, Kind::Zot] {
        if !crate::support::have("log_in_and_out::a_login_is_all_that_a_push_needs", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::with(kind).password().start();
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let host = registry.host();
        let push = ["pack", "push", "golden-centos-aws", "-r", &host];
        sandbox.spectro(push).run().fails(4).says(&format!("hint: spectro registry login {host}"));

        let refused = login(&sandbox, &host, USER, "wrong", &[]).fails(4);
        refused.says("refused the credentials").says("nothing was kept");
        assert_eq!(docker_config(&sandbox), None);

        let accepted = login(&sandbox, &host, USER, PASSWORD, &[]).success();
        assert_eq!(accepted.stdout, "Login Succeeded\n");
        accepted.says("kept unencrypted").says(CONFIG);
        let mode = fs::metadata(sandbox.home().join(CONFIG)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        sandbox.spectro(push).run().success();

        let status = sandbox.spectro(["registry", "status", &host, "-o", "json"]).run().success().json();
        assert_eq!(status["answer"], "accepted");
        assert_eq!(status["credentials"]["username"], USER);
        assert!(status["credentials"]["source"].as_str().is_some_and(|source| source.ends_with(CONFIG)));
        assert_eq!(status["kind"], if kind == Kind::Zot { "zot" } else { "CNCF distribution" });
        assert_eq!(status["referrers"], kind == Kind::Zot);
        assert_eq!(status["catalog"], true);

        sandbox.spectro(["registry", "logout", &host]).run().success().prints(&format!("Logged out of {host}"));
        sandbox.spectro(push).run().fails(4);
        sandbox.spectro(["registry", "logout", &host]).run().success().prints(&format!("Not logged in to {host}"));
    }
}

#[test]
fn a_token_service_is_asked_who_one_is() {
    needs!(Distribution);
    let tokens = TokenService::start();
    let registry = RealRegistry::with(Kind::Distribution).tokens(&tokens).start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let host = registry.host();
    login(&sandbox, &host, USER, "wrong", &[]).fails(4).says("gave no token");
    login(&sandbox, &host, USER, PASSWORD, &[]).success();
    let status = sandbox.spectro(["registry", "status", &host]).run().success();
    status.prints("tokens of 127.0.0.1").prints("accepted            yes");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &host]).run().success();
}

/// Measured on Harbor 2.15.2: with a scope a wrong password gets an anonymous token, without one 401 and an empty body.
#[test]
fn an_anonymous_token_is_no_login() {
    let challenge = "Bearer realm=\"http://{host}/service/token\",service=\"harbor-registry\"";
    let right = basic_authorization("robot$ci", "secret");
    let is_right = right.clone();
    let token = json!({ "token": "good", "access_token": "", "expires_in": 1800 });
    let harbor = Script::unordered([
        Exchange::new("GET", "/v2/").any_number().wants_header("Authorization", "Bearer good").answers(Reply::new(200)),
        Exchange::new("GET", "/v2/").any_number().answers(Reply::new(401).header("WWW-Authenticate", challenge)),
        Exchange::new("GET", "/service/token?service=harbor-registry")
            .any_number()
            .wants("the password", move |request| request.header("authorization") == Some(&is_right))
            .answers(Reply::new(200).json(&token)),
        Exchange::new("GET", "/service/token?service=harbor-registry").any_number().answers(Reply::new(401)),
    ]);
    let sandbox = Sandbox::new();
    login(&sandbox, &harbor.host(), "robot$ci", "wrong", &["--retries", "0"]).fails(4);
    assert_eq!(docker_config(&sandbox), None);
    login(&sandbox, &format!("{}/platform", harbor.host()), "robot$ci", "secret", &[]).success();
    let config = docker_config(&sandbox).unwrap();
    assert!(config["auths"].get(format!("{}/platform", harbor.host())).is_some(), "{config}");
}

#[test]
fn a_server_that_asks_nobody_is_told_as_such() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let outcome = login(&sandbox, &registry.host(), "any", "thing", &[]).success();
    outcome.says("asks nobody for a password, so this one could not be checked").prints("Login Succeeded");
    let json = login(&sandbox, &registry.host(), "any", "thing", &["-o", "json"]).success().json();
    assert_eq!(json["checked"], false);
}

#[test]
fn a_helper_keeps_the_password_and_the_file_only_notes_that() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let helper = "#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit 1\ntr '\\0' ' ' </proc/$PPID/cmdline >>processes\n\
        echo \"$*\" >>processes\ncase $1 in\n\
        store) cat > kept ;;\n\
        get) [ -f kept ] || { echo 'credentials not found in native keychain'; exit 1; }; cat kept ;;\n\
        erase) [ -f kept ] || { echo 'credentials not found in native keychain'; exit 1; }; rm kept ;;\nesac\n";
    let program = sandbox.write("bin/docker-credential-safe", helper);
    sandbox.set_mode(&program, 0o755);
    let host = registry.host();
    let before = json!({ "credsStore": "safe", "HttpHeaders": { "X": "y" }, "auths": { &host: { "insecure": true } } });
    sandbox.write(sandbox.home().join(CONFIG), before.to_string());
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    let run = |words: &[&str]| sandbox.spectro(words).env("PATH", &path).stdin(format!("{PASSWORD}\n")).run();
    let outcome = run(&["registry", "login", &host, "-u", USER, "--password-stdin", "-o", "json"]).success();
    assert_eq!(outcome.json()["keptBy"], json!({ "helper": "safe" }));
    assert!(!outcome.stderr.contains("unencrypted"), "{}", outcome.stderr);
    assert_eq!(docker_config(&sandbox).unwrap(), before, "what is no secret stays");
    let kept: Value = serde_json::from_slice(&sandbox.read("bin/kept")).unwrap();
    assert_eq!(kept, json!({ "ServerURL": host, "Username": USER, "Secret": PASSWORD }));

    run(&["pack", "push", "golden-centos-aws", "-r", &host]).success();
    run(&["registry", "status", &host]).success().prints("docker-credential-safe");
    run(&["registry", "logout", &host]).success().prints("docker-credential-safe");
    assert!(!sandbox.path("bin/kept").exists());
    let processes = sandbox.read_text("bin/processes");
    assert!(processes.contains("registry login") && processes.contains("store"), "{processes}");
    assert!(!processes.contains(PASSWORD), "others on the machine see a process's words: {processes}");
    run(&["registry", "logout", &host]).success().prints("Not logged in");

    // One that refuses: its words are told, the secret is not.
    sandbox.write(&program, "#!/bin/sh\necho \"locked: $(cat)\" >&2\nexit 1\n");
    let refused = run(&["registry", "login", &host, "-u", USER, "--password-stdin"]).fails(4);
    refused.says("docker-credential-safe");
    sandbox.write(&program, "#!/bin/sh\ncat >/dev/null\necho 'the keychain is locked'\nexit 1\n");
    let refused = run(&["registry", "login", &host, "-u", USER, "--password-stdin"]).fails(4);
    refused.says("the keychain is locked");
}

#[test]
fn twenty_logins_at_once_are_all_kept() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let bases: Vec<_> = (0..20).map(|number| format!("{}/team-{number}", registry.host())).collect();
    let running: Vec<_> = bases
        .iter()
        .map(|server| {
            let words = ["registry", "login", server, "-u", "u", "--password-stdin"];
            sandbox.spectro(words).stdin("p\n").spawn()
        })
        .collect();
    for login in running {
        login.wait().success();
    }
    let config = docker_config(&sandbox).unwrap();
    assert_eq!(config["auths"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().len(), 20);
}

#[test]
fn a_named_home_keeps_everything() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let (host, home) = (registry.host(), sandbox.path("home").display().to_string());
    let base = format!("{host}/team");
    login(&sandbox, &base, USER, PASSWORD, &["-s", &home, "-d"]).success();
    assert_eq!(docker_config(&sandbox), None);
    let config: Value = serde_json::from_slice(&sandbox.read("home/config.json")).unwrap();
    assert_eq!(config["defaultRegistry"], base.as_str());
    assert!(config["auths"][&base]["auth"].is_string());
    // From now on neither a server nor a password need be named.
    let push = sandbox.spectro(["-s", &home, "pack", "push", "golden-centos-aws"]).run().success();
    push.prints(&format!("{base}/golden-centos-aws:7.7.1908"));
    let list = sandbox.spectro(["-s", &home, "registry", "status"]).run().success();
    list.prints(&format!("default registry: {base}")).prints("home/config.json");
    sandbox.spectro(["-s", &home, "registry", "logout"]).run().success().prints("home/config.json");
}

#[test]
fn an_insecure_login_is_remembered_as_such() {
    needs!(Distribution);
    let authority = Authority::new();
    let registry = RealRegistry::with(Kind::Distribution).password().tls(&authority).start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let host = registry.host();
    login(&sandbox, &host, USER, PASSWORD, &["--retries", "0", "--ca-file", "/nonexistent"]).fails(9);
    login(&sandbox, &host, USER, PASSWORD, &["-i"]).success().says("is not verified");
    let config: Value =
        serde_json::from_slice(&fs::read(sandbox.home().join(".spectro/config.json")).unwrap()).unwrap();
    assert_eq!(config, json!({ "auths": { &host: { "insecure": true } } }));
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &host]).run().success().says("is not verified");
}

#[test]
fn on_a_terminal_it_asks_and_shows_no_password() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let sandbox = Sandbox::new();
    let command = format!("{} registry login {}", env!("CARGO_BIN_EXE_spectro"), registry.host());
    // `script` gives the command a terminal of its own and shows all that appears on it. What is typed before the echo is off is
    // thrown away, so the password waits for the question.
    let typed = format!(
        "(echo {USER}; until grep -q Password: screen; do sleep 0.05; done; echo '{PASSWORD}') | \
         script -qefc '{command}' /dev/null >screen"
    );
    sandbox.write("screen", "");
    sandbox.run_tool("sh", ["-c", &typed]).success();
    let screen = sandbox.read_text("screen");
    assert!(screen.contains("User of") && screen.contains("Login Succeeded"), "{screen}");
    assert!(!screen.contains(PASSWORD), "{screen}");
    assert!(docker_config(&sandbox).is_some());
}

#[test]
fn after_ctrl_c_the_terminal_shows_again_what_is_typed() {
    let sandbox = Sandbox::new();
    let command =
        format!("trap : INT; {} registry login reg.example -u x; echo code $?; stty -a", env!("CARGO_BIN_EXE_spectro"));
    let typed = format!(
        "(until grep -q Password: screen; do sleep 0.05; done; printf '\\003'; until grep -q icanon screen; do sleep 0.05; done) | \
         script -qefc '{command}' /dev/null >screen"
    );
    sandbox.write("screen", "");
    sandbox.run_tool("sh", ["-c", &typed]).success();
    let screen = sandbox.read_text("screen");
    assert!(screen.contains("code 130"), "{screen}");
    let modes: Vec<_> = screen.split_whitespace().collect();
    assert!(modes.contains(&"echo") && !modes.contains(&"-echo"), "{screen}");
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let sandbox = Sandbox::new();
    let run = |words: &[&str]| sandbox.spectro(words).run();
    run(&["registry", "login"]).fails(2).says("no registry server was named");
    run(&["registry", "login", "oci-layout:x", "-u", "a"]).fails(2).says("needs no login");
    run(&["registry", "login", "reg.example", "--password-stdin"]).fails(2).says("--username");
    login(&sandbox, "reg.example", "a:b", "p", &[]).fails(2).says("`a:b` has a `:`");
    login(&sandbox, "reg.example", "a", "", &[]).fails(2).says("standard input holds no password");
    sandbox.write(sandbox.home().join(CONFIG), "{\"auths\": {");
    run(&["registry", "status", "reg.example"]).fails(2).says("config.json` is broken");
    assert_eq!(fs::read_to_string(sandbox.home().join(CONFIG)).unwrap(), "{\"auths\": {");
}

#[test]
fn sources_are_asked_in_the_order_of_the_documentation() {
    let sandbox = Sandbox::new();
    let registry = Script::unordered([Exchange::new("GET", "/v2/*")
        .any_number()
        .answers(Reply::new(401).header("WWW-Authenticate", "Basic realm=\"r\""))]);
    let host = registry.host();
    let config = |user: &str| {
        let auth = basic_authorization(user, "p").replace("Basic ", "");
        json!({ "auths": { &host: { "auth": auth } } }).to_string()
    };
    sandbox.write(sandbox.runtime().join("containers/auth.json"), config("podman"));
    let who = |variables: &[(&str, String)]| {
        let words = ["registry", "status", &host, "-o", "json", "--retries", "0"];
        let invocation = variables.iter().fold(sandbox.spectro(words), |run, (name, value)| run.env(name, value));
        let status = invocation.run().fails(4).json();
        status["credentials"]["username"].as_str().unwrap_or("-").to_owned()
    };
    assert_eq!(who(&[]), "podman");
    sandbox.write(sandbox.home().join(CONFIG), config("docker"));
    assert_eq!(who(&[]), "docker");
    sandbox.write("elsewhere/config.json", config("named-docker"));
    let mut variables = vec![("DOCKER_CONFIG", sandbox.path("elsewhere").display().to_string())];
    assert_eq!(who(&variables), "named-docker");
    sandbox.write("auth.json", config("registry-auth-file"));
    variables.push(("REGISTRY_AUTH_FILE", sandbox.path("auth.json").display().to_string()));
    assert_eq!(who(&variables), "registry-auth-file");
    sandbox.write(sandbox.home().join(".spectro/config.json"), config("home"));
    assert_eq!(who(&variables), "home");
    variables.push(("DOCKER_AUTH_CONFIG", config("gitlab")));
    assert_eq!(who(&variables), "gitlab");
    variables.push(("SPECTRO_USERNAME", "variable".into()));
    variables.push(("SPECTRO_PASSWORD", "p".into()));
    assert_eq!(who(&variables), "variable");
}

#[test]
fn a_token_is_shown_as_it_is() {
    let bearer = "Bearer abc.def";
    let registry = Script::unordered([
        Exchange::new("GET", "/v2/").any_number().wants_header("Authorization", bearer).answers(Reply::new(200)),
        Exchange::new("GET", "/v2/*")
            .any_number()
            .wants_header("Authorization", bearer)
            .answers(Reply::new(200).json(&json!({}))),
        Exchange::new("GET", "/v2/*")
            .any_number()
            .answers(Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://{host}/t\",service=\"s\"")),
    ]);
    let sandbox = Sandbox::new();
    let status = ["registry", "status", &registry.host(), "-o", "json"];
    let status = sandbox.spectro(status).env("SPECTRO_TOKEN", "abc.def\n").run().success();
    assert_eq!(status.json()["credentials"]["source"], "SPECTRO_TOKEN");
    assert_eq!(status.json()["answer"], "accepted");
    assert!(!status.stdout.contains("abc.def"));
    let both = sandbox.spectro(["pack", "pull", "x:1", "-r", "reg.example"]);
    both.env("SPECTRO_TOKEN", "t").env("SPECTRO_USERNAME", "u").run().fails(2).says("only one can be used");
}

/// The server is an address of IPv6 with a port and a path below which the password is valid.
#[test]
fn an_address_of_ipv6_with_a_port_and_a_path_is_a_server() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).password().start();
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        crate::support::skip("log_in_and_out::an_address_of_ipv6_with_a_port_and_a_path_is_a_server", "no IPv6");
        return;
    };
    let server = format!("[::1]:{}/base", listener.local_addr().unwrap().port());
    let upstream = registry.host();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(to) = TcpStream::connect(&upstream) else { return };
            for (mut from, mut to) in [(client.try_clone().unwrap(), to.try_clone().unwrap()), (to, client)] {
                std::thread::spawn(move || {
                    io::copy(&mut from, &mut to).ok();
                    to.shutdown(Shutdown::Write).ok();
                });
            }
        }
    });
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    login(&sandbox, &server, USER, PASSWORD, &[]).success();
    assert!(docker_config(&sandbox).unwrap()["auths"][&server]["auth"].is_string());
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &server]).run().success();
    push.prints(&format!("{server}/golden-centos-aws:7.7.1908"));
    sandbox.spectro(["pack", "inspect", &format!("{server}/golden-centos-aws:7.7.1908")]).run().success();
    sandbox.spectro(["registry", "logout", &server]).run().success().prints("Logged out");
    sandbox.spectro(["pack", "ls", "-r", &server]).run().fails(4);
}
