//! What Harbor 2.15.2 answers, as measured on a running one: each line is a trap for a client.

mod story;

use crate::support::{Exchange, PASSWORD, Recorded, Reply, Sandbox, Script, USER, basic_authorization};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox
}

fn push(sandbox: &Sandbox, server: &str) -> crate::support::Outcome {
    let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", server, "--retries", "0"]);
    push.env("SPECTRO_USERNAME", USER).env("SPECTRO_PASSWORD", PASSWORD).run()
}

const CHALLENGE: &str = "Bearer realm=\"http://{host}/service/token\",service=\"harbor-registry\",scope=\"repository:p/golden-centos-aws:pull\"";
const MANIFEST: &str = "/v2/p/golden-centos-aws/manifests/7.7.1908";
const UPLOADS: &str = "/v2/p/golden-centos-aws/blobs/uploads/";

/// Every answer of Harbor sets a session cookie; sent back with a POST it gives 403.
fn reply(status: u16) -> Reply {
    Reply::new(status).header("Set-Cookie", "sid=abc; Path=/; HttpOnly")
}

fn token(name: &str) -> Reply {
    let answer = serde_json::json!({ "token": name, "access_token": "", "expires_in": 1800, "issued_at": "2026-01-01T00:00:00Z" });
    reply(200).json(&answer)
}

fn is_octets(request: &Recorded) -> bool {
    request.header("content-type") == Some("application/octet-stream")
}

fn has_length(request: &Recorded) -> bool {
    request.header("content-length").is_some()
}

#[test]
fn a_push_to_harbor() {
    let bearer = "Bearer good";
    let script = Script::unordered([
        Exchange::new("HEAD", MANIFEST)
            .wants_no_header("Authorization")
            .answers(reply(401).header("WWW-Authenticate", CHALLENGE)),
        Exchange::new(
            "GET",
            "/service/token?service=harbor-registry&scope=repository%3Ap%2Fgolden-centos-aws%3Apull%2Cpush",
        )
        .wants_header("Authorization", basic_authorization(USER, PASSWORD))
        .wants_no_header("Cookie")
        .answers(token("good")),
        Exchange::new("HEAD", MANIFEST)
            .wants_header("Authorization", bearer)
            .wants("its media type in Accept", |request| {
                request
                    .header("accept")
                    .is_some_and(|types| types.contains("application/vnd.oci.image.manifest.v1+json"))
            })
            .answers(reply(404)),
        // A POST with the bytes in it: 202, and nothing is stored.
        Exchange::new("POST", &format!("{UPLOADS}*"))
            .times(4)
            .wants_header("Authorization", bearer)
            .wants_no_header("Cookie")
            .wants_no_header("Expect")
            .wants("a Content-Length", has_length)
            .answers(reply(202).header("Location", "http://{host}/v2/p/golden-centos-aws/blobs/uploads/1?_state=x%3D")),
        Exchange::new("PUT", &format!("{UPLOADS}1?_state=x%3D&digest=sha256%3A*"))
            .times(4)
            .wants("octets", is_octets)
            .wants("a Content-Length", has_length)
            .wants_no_header("Cookie")
            .answers(reply(201)),
        Exchange::new("PUT", MANIFEST)
            .wants_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .wants_header("If-None-Match", "*")
            .answers(reply(201)),
        Exchange::new("HEAD", MANIFEST).wants_header("Authorization", bearer).answers(reply(404)).any_number(),
    ]);
    // The script can't know the manifest's digest, so the look after the write finds nothing: that is said and no failure.
    push(&sandbox(), &format!("{}/p", script.host())).success().prints("pushed").says("does not show it yet");
}

#[test]
fn an_expired_token_is_challenged_with_basic_and_fetched_anew_from_the_realm() {
    let basic = reply(401).header("WWW-Authenticate", "Basic realm=\"harbor\"");
    let script = Script::ordered([
        Exchange::new("HEAD", MANIFEST).answers(reply(401).header("WWW-Authenticate", CHALLENGE)),
        Exchange::new("GET", "/service/token").answers(token("old")),
        Exchange::new("HEAD", MANIFEST).wants_header("Authorization", "Bearer old").answers(basic.clone()),
        // The GET for the reason: it has the same token, is challenged, and the realm gives a new one.
        Exchange::new("GET", MANIFEST).wants_header("Authorization", "Bearer old").answers(basic),
        Exchange::new("GET", "/service/token").answers(token("new")),
        Exchange::new("GET", MANIFEST).wants_header("Authorization", "Bearer new").answers(Reply::error(
            401,
            "UNAUTHORIZED",
            "unauthorized to access repository: p/golden-centos-aws",
        )),
    ]);
    push(&sandbox(), &format!("{}/p", script.host())).fails(4).says("401 UNAUTHORIZED: unauthorized to access");
}

#[test]
fn no_such_project_is_401_with_an_empty_challenge() {
    let refused = Reply::error(401, "UNAUTHORIZED", "project noproj not found").header("WWW-Authenticate", "");
    let exchanges = ["HEAD", "GET"].map(|method| Exchange::new(method, "/v2/*").any_number().answers(refused.clone()));
    let script = Script::unordered(exchanges);
    push(&sandbox(), &format!("{}/noproj", script.host())).fails(4).says("project noproj not found");
}

#[test]
fn a_repository_without_a_project_says_how_to_name_one() {
    let refused = Reply::error(400, "BAD_REQUEST", "bad request: invalid repository name: golden-centos-aws");
    let script = Script::unordered([
        Exchange::new("HEAD", "/v2/*").any_number().answers(reply(404)),
        Exchange::new("POST", "/v2/*").any_number().answers(refused),
    ]);
    push(&sandbox(), &script.host()).fails(8).says("hint: Harbor keeps packs in projects").says("HOST/PROJECT");
}

/// Runs a push into a Harbor that takes the blobs and answers the manifest with `refusal`; afterwards the tag is `there`.
fn refused_manifest(refusal: Reply, there: Reply) -> crate::support::Outcome {
    let script = Script::unordered([
        Exchange::new("HEAD", MANIFEST).times(1).answers(reply(404)),
        Exchange::new("POST", &format!("{UPLOADS}*")).any_number().answers(reply(201)),
        Exchange::new("PUT", MANIFEST).answers(refusal),
        Exchange::new("HEAD", MANIFEST).any_number().answers(there),
    ]);
    push(&sandbox(), &format!("{}/p", script.host()))
}

#[test]
fn quota_and_read_only_are_told_in_harbors_words() {
    let quota = "adding 4.9 KiB of storage resource, which when updated to current usage of 0 B will exceed the configured upper limit of 2.0 KiB.";
    refused_manifest(Reply::error(403, "DENIED", quota), reply(404)).fails(4).says(quota);
    let read_only = "The system is in read only mode. Any modification is prohibited.";
    let outcome = refused_manifest(Reply::error(403, "DENIED", read_only), reply(404)).fails(4).says(read_only);
    assert!(!outcome.stderr.contains("registry login"), "other credentials would not help: {}", outcome.stderr);
}

#[test]
fn an_immutable_tag_with_other_content_is_a_conflict() {
    let words = "Failed to process request due to '7.7.1908' configured as immutable.";
    let refusal = Reply::error(412, "PRECONDITION", words);
    let there = reply(200)
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .header("Content-Length", "700")
        .header("Docker-Content-Digest", format!("sha256:{}", "1".repeat(64)));
    let outcome = refused_manifest(refusal, there).fails(5).says(words);
    outcome.says(&format!("there: sha256:{}", "1".repeat(64))).says("hint: raise \"version\" in pack.json");
}

/// Harbor's rule protects the tag from being deleted as well; it deletes by digest only, and refuses that, too.
#[test]
fn an_immutable_tag_is_not_deleted() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let there = reply(200)
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .header("Content-Length", "700")
        .header("Docker-Content-Digest", &digest);
    let words = "Failed to process request due to '7.7.1908' configured as immutable.";
    let refusal = Reply::error(412, "PRECONDITION", words);
    let list = serde_json::json!({ "name": "p/golden-centos-aws", "tags": ["7.7.1908"] });
    let script = Script::unordered([
        Exchange::new("HEAD", MANIFEST).any_number().answers(there),
        Exchange::new("GET", "/v2/p/golden-centos-aws/tags/list*").any_number().answers(reply(200).json(&list)),
        Exchange::new("DELETE", MANIFEST).answers(Reply::error(400, "UNSUPPORTED", "the operation is unsupported")),
        Exchange::new("DELETE", &format!("/v2/p/golden-centos-aws/manifests/{digest}")).answers(refusal),
    ]);
    let delete = ["pack", "delete", "golden-centos-aws:7.7.1908", "--yes", "-r", &format!("{}/p", script.host())];
    sandbox().spectro(delete).run().fails(5).says(words);
}

/// A quota may be told before the manifest: with the bytes of a blob.
#[test]
fn a_quota_that_ends_with_a_blob_is_told() {
    let quota = "adding 4.9 KiB of storage resource, which when updated to current usage of 0 B will exceed the configured upper limit of 2.0 KiB.";
    for status in [403, 412] {
        let script = Script::unordered([
            Exchange::new("HEAD", MANIFEST).any_number().answers(reply(404)),
            Exchange::new("POST", &format!("{UPLOADS}*"))
                .any_number()
                .answers(reply(202).header("Location", format!("{UPLOADS}1"))),
            Exchange::new("PUT", &format!("{UPLOADS}1*")).any_number().answers(Reply::error(status, "DENIED", quota)),
        ]);
        let outcome = push(&sandbox(), &format!("{}/p", script.host())).fails(4).says(quota);
        outcome.says("the project's quota is used up").says("the tag is as it was");
    }
}
