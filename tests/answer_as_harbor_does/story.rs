//! One story through a Harbor from the login to the list: a real distribution, which is what lies within a Harbor, behind the answers of its core.

use super::{reply, token};
use crate::support::{
    FaultProxy, Kind, PASSWORD, RealRegistry, Recorded, Reply, Sandbox, USER, as_stored, assert_same_tree,
    basic_authorization, needs, tree,
};

const PACK: &str = "golden-centos-aws";

fn is_bearer(request: &Recorded, token: &str) -> bool {
    request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) == Some(token)
}

fn in_registry(request: &Recorded) -> bool {
    request.target().starts_with("/v2/")
}

/// Puts what Harbor's core answers before a registry.
fn harbor(registry: &RealRegistry) -> FaultProxy {
    let proxy = FaultProxy::before(registry);
    let realm = format!("Bearer realm=\"http://{}/service/token\",service=\"harbor-registry\"", proxy.host());
    let unauthorized = |challenge: &str| {
        let words = "unauthorized to access repository: platform/golden-centos-aws, action: pull";
        let denied = Reply::error(401, "UNAUTHORIZED", words).header("WWW-Authenticate", challenge);
        denied.header("Set-Cookie", "sid=abc; Path=/; HttpOnly")
    };
    let is_right = |request: &Recorded| request.header("authorization") == Some(&basic_authorization(USER, PASSWORD));
    let asks = |request: &Recorded| request.target().starts_with("/service/token");
    proxy.when(move |request| asks(request) && is_right(request)).answer(token("good"));
    // A wrong password is told only where no scope is asked for.
    let is_scoped = |request: &Recorded| request.target().contains("scope=");
    proxy.when(move |request| asks(request) && !is_right(request) && is_scoped(request)).answer(token("anonymous"));
    proxy.when(move |request| asks(request) && !is_right(request) && !is_scoped(request)).answer(reply(401));
    // Before any Authorization the challenge is Bearer, afterwards Basic.
    proxy
        .when(|request| in_registry(request) && request.header("authorization").is_none())
        .answer(unauthorized(&format!("{realm},scope=\"repository:platform/{PACK}:pull\"")));
    proxy
        .when(|request| in_registry(request) && is_bearer(request, "anonymous"))
        .answer(unauthorized("Basic realm=\"harbor\""));
    proxy
        .when(|request| request.target().starts_with("/v2/_catalog") && is_bearer(request, "good"))
        .answer(unauthorized("Basic realm=\"harbor\""));
    proxy
        .when(|request| request.is("POST", "/v2/") && request.header("cookie").is_some() && is_bearer(request, "good"))
        .answer(Reply::error(403, "FORBIDDEN", "CSRF token not found in request"));
    let is_tag = |request: &Recorded| !request.target().contains("/manifests/sha256:");
    proxy
        .when(move |request| request.is("DELETE", "/manifests/") && is_tag(request) && is_bearer(request, "good"))
        .answer(Reply::error(400, "UNSUPPORTED", "the operation is unsupported"));
    proxy
}

#[test]
fn from_the_login_to_the_list() {
    needs!(Distribution);
    let registry = RealRegistry::with(Kind::Distribution).deletion().start();
    let proxy = harbor(&registry);
    let sandbox = Sandbox::new();
    sandbox.copy_pack(PACK);
    let server = format!("{}/platform", proxy.host());
    let login = |password: &str| {
        let words = ["registry", "login", &server, "-u", USER, "--password-stdin"];
        sandbox.spectro(words).stdin(password).run()
    };
    let run = |words: &[&str]| sandbox.spectro(["pack"]).args(words).args(["-r", &server]).run();

    // Nobody is logged in: the anonymous token is no right.
    run(&["push", PACK]).fails(4).says("unauthorized to access repository").says("spectro registry login");
    login("wrong").fails(4);
    login(PASSWORD).success().prints("Login Succeeded");
    proxy.clear();
    run(&["push", PACK]).success().prints("pushed").prints(&format!("{server}/{PACK}:7.7.1908"));
    assert_eq!(proxy.count("GET", "/service/token"), 1, "one token is enough: {}", proxy.summary());
    proxy.clear();
    run(&["push", PACK]).success().prints("unchanged");
    assert_eq!(proxy.writes(), 0, "{}", proxy.summary());

    let original = tree(sandbox.path(PACK));
    sandbox.write(format!("{PACK}/values.yaml"), "changed: true\n");
    run(&["push", PACK]).fails(5).says("already exists").says("overwrite it with --force");
    assert_eq!(proxy.count("PUT", "/manifests/"), 0, "nothing is overwritten: {}", proxy.summary());
    run(&["pull", &format!("{PACK}:7.7.1908"), "back"]).success();
    assert_same_tree(&as_stored(original), &tree(sandbox.path("back")));

    // A rule of the project makes tags immutable.
    let words = "Failed to process request due to '7.7.1908' configured as immutable.";
    proxy.when(|request| request.is("PUT", "/manifests/") && is_bearer(request, "good")).answer(Reply::error(
        412,
        "PRECONDITION",
        words,
    ));
    run(&["push", PACK, "-f"]).fails(5).says(words);
    run(&["ls", PACK]).success().prints("7.7.1908").prints("aws");
    // The list of all repositories is for administrators.
    run(&["ls"]).fails(4).says("spectro pack ls NAME");
    run(&["tag", "delete", &format!("{PACK}:7.7.1908"), "--yes"]).success().prints("deleted");
    run(&["ls", PACK]).success().says("0 versions");
    assert!(proxy.requests().iter().all(|request| request.header("cookie").is_none()), "a cookie was sent back");
}
