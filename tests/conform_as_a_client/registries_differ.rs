//! Where registries differ from each other, and what one of them answered once.

use std::sync::{Arc, Mutex};

use serde_json::json;
use spectro_pack::{
    digest::Digest,
    registry::{CredentialSearch, Credentials, Intent, Located, RetryRule, Server, Settings},
    store::{BlobOutcome, ErrorKind, Event, Observer, Selector, Source as _, TagOutcome, TagRule, Target as _},
};

use super::{MANIFEST, head, large, push, session, small, with};
use crate::support::{Exchange, Reply, Script, artifact::settings};

/// Nexus and Artifactory put `null` into their lists of tags, and others what is no tag.
#[test]
fn null_in_a_list_of_tags_is_passed_over_and_what_is_no_tag_is_told_apart() {
    let list = json!({ "name": "a/b", "tags": ["1.0", null, "a b", "2.0", null] });
    let script =
        Script::ordered([Exchange::new("GET", "/v2/a/b/tags/list?n=1000").answers(Reply::new(200).json(&list))]);
    let page = with(&script, |from| async move { from.tags(None).await.unwrap() });
    assert_eq!(page.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.0", "2.0"]);
    assert_eq!(page.not_tags, ["a b"]);
}

/// rust-oci-client #149: the bytes that came were not held against the digest that was asked for.
#[test]
fn a_manifest_that_is_not_the_one_that_was_asked_for_is_refused() {
    let content = small();
    let asked = Digest::of(b"another manifest");
    for named in [None, Some(&asked), Some(content.manifest.digest())] {
        let reply = Reply::new(200).header("Content-Type", MANIFEST).body(content.manifest.bytes().to_vec());
        let reply =
            named.into_iter().fold(reply, |reply, digest| reply.header("Docker-Content-Digest", digest.to_string()));
        let script = Script::ordered([Exchange::new("GET", &format!("/v2/a/b/manifests/{asked}")).answers(reply)]);
        let selector = Selector::Digest(asked.clone());
        let error = with(&script, |from| async move { from.manifest(&selector).await.unwrap_err() });
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
}

fn there(digest: &Digest) -> Reply {
    let reply = Reply::new(200).header("Content-Type", MANIFEST).header("Content-Length", "10");
    reply.header("Docker-Content-Digest", digest.to_string())
}

/// Behind a load balancer the look after the write may meet a replica that does not know of it yet.
#[test]
fn a_replica_that_is_behind_is_asked_again() {
    let content = small();
    let (digest, old) = (content.manifest.digest().clone(), Digest::of(b"old"));
    let look = |reply: Reply| Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(reply);
    let put = || Exchange::new("PUT", "/v2/a/b/manifests/1").answers(Reply::new(201));
    let write = |script: &Script, rule: TagRule| {
        let manifest = &content.manifest;
        with(
            script,
            |to| async move { to.push_manifest(manifest, Some((&"1".parse().unwrap(), &rule))).await.unwrap() },
        )
    };
    let script = Script::ordered([put(), look(Reply::new(404)), look(Reply::new(404)), look(there(&digest))]);
    assert_eq!(write(&script, TagRule::Absent), TagOutcome::Created);
    let script = Script::ordered([put(), look(there(&old)), look(there(&old)), look(there(&digest))]);
    assert_eq!(write(&script, TagRule::Is(old.clone())), TagOutcome::Replaced(old.clone()));
    let script = Script::ordered([put(), look(there(&old)), look(there(&digest))]);
    assert_eq!(write(&script, TagRule::Any), TagOutcome::Created);
    // One that stays behind is told of and is no failure: the server has said 201.
    let behind = (0..4).map(|_| look(there(&old)));
    let script = Script::ordered(std::iter::once(put()).chain(behind));
    assert_eq!(write(&script, TagRule::Is(old.clone())), TagOutcome::Replaced(old));
}

/// Harbor's rule refuses a tag that is immutable also with the content that it has: an earlier try was stored.
#[test]
fn a_tag_that_is_immutable_with_this_content_is_as_it_should_be() {
    let content = small();
    let refused = Reply::error(412, "PRECONDITION", "Failed to process request due to 'b:1' configured as immutable.");
    let script = Script::ordered([
        Exchange::new("PUT", "/v2/a/b/manifests/1").answers(refused),
        Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(there(content.manifest.digest())),
    ]);
    let outcome = with(&script, |to| {
        let manifest = &content.manifest;
        async move { to.push_manifest(manifest, Some((&"1".parse().unwrap(), &TagRule::Absent))).await.unwrap() }
    });
    assert_eq!(outcome, TagOutcome::Unchanged);
}

/// There are token services that give nothing at all where one of the scopes is not allowed: then the blob is sent.
#[test]
fn a_mount_for_which_there_is_no_token_becomes_an_upload() {
    let content = large();
    let unauthorized = Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://{host}/token\",service=\"s\"");
    let own = "/token?service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush";
    let [post, put] = session(&content);
    let authorized = |exchange: Exchange| exchange.wants_header("Authorization", "Bearer own");
    let script = Script::unordered([
        authorized(head(&content, 404)),
        head(&content, 404).answers(unauthorized),
        Exchange::new("GET", own).answers(Reply::new(200).json(&json!({ "token": "own" }))),
        Exchange::new("GET", &format!("{own}&scope=repository%3Aother%2Frepository%3Apull")).answers(Reply::error(
            403,
            "DENIED",
            "access forbidden",
        )),
        authorized(post),
        authorized(put),
    ]);
    assert_eq!(push(&script, &content, Some("other/repository")), BlobOutcome::Uploaded);
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        if let Event::Note(note) = event {
            self.0.lock().expect("nobody panics with this lock").push(note.to_owned());
        }
    }
}

/// OCI distribution 1.1, "Warnings": once is enough, however many answers have it.
#[test]
fn a_warning_is_shown_once() {
    let notes = Arc::new(Notes::default());
    let warned = Reply::new(404)
        .header("Warning", "299 - \"this registry moves on 1 May\"")
        .header("Warning", "110 - \"response is stale\"");
    let script = Script::unordered([Exchange::new("HEAD", "/v2/*").times(3).answers(warned)]);
    let server = Server::new(Settings { observer: notes.clone(), ..settings(&script.host()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let repository = server.repository("a/b".parse().unwrap(), Intent::Pull);
        for tag in ["1", "2", "3"] {
            assert_eq!(repository.resolve(&Selector::Tag(tag.parse().unwrap())).await.unwrap(), None);
        }
    });
    let notes = notes.0.lock().unwrap().clone();
    assert_eq!(notes, [format!("`{}` warns: this registry moves on 1 May", script.host())]);
}

/// A 429 that asks for more than any request may wait is heard by all: nobody knocks again, and nobody waits for nothing.
#[test]
fn a_server_that_wants_to_be_left_alone_is_left_alone() {
    let busy = Reply::error(429, "TOOMANYREQUESTS", "slow down").header("Retry-After", "3600");
    let script = Script::unordered([Exchange::new("HEAD", "/v2/*").answers(busy)]);
    let server = Server::new(settings(&script.host())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let started = std::time::Instant::now();
    runtime.block_on(async {
        let repository = server.repository("a/b".parse().unwrap(), Intent::Pull);
        let first = repository.resolve(&Selector::Tag("1".parse().unwrap())).await.unwrap_err();
        assert_eq!(first.to_string(), "the server asks to come back in 3600 s");
        let second = repository.resolve(&Selector::Tag("2".parse().unwrap())).await.unwrap_err();
        assert_eq!(second.kind(), ErrorKind::Unavailable);
        assert!(second.to_string().contains("asks to come back in 3600 s"), "{second}");
    });
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

/// A short 429 is waited for by whoever comes next, and a shorter one does not end it.
#[test]
fn a_429_slows_all_requests_to_its_host() {
    let busy = |seconds: &str| Reply::new(429).header("Retry-After", seconds);
    let script = Script::ordered([
        Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(busy("1")),
        Exchange::new("HEAD", "/v2/a/b/manifests/2").answers(Reply::new(404)),
    ]);
    let once = RetryRule { retries: 0, ..RetryRule::default() };
    let server = Server::new(Settings { retry: once, ..settings(&script.host()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let repository = server.repository("a/b".parse().unwrap(), Intent::Pull);
        assert!(repository.resolve(&Selector::Tag("1".parse().unwrap())).await.is_err());
        assert_eq!(repository.resolve(&Selector::Tag("2".parse().unwrap())).await.unwrap(), None);
    });
    let requests = script.requests();
    let apart = requests[1].started.duration_since(requests[0].started);
    assert!(apart >= std::time::Duration::from_millis(900), "{apart:?}");
}

/// The token specification lets a challenge name several schemes in one header, whose quoted values may hold commas.
#[test]
fn of_several_challenges_the_token_service_is_asked() {
    let challenge = "Basic realm=\"a, b=\\\"c\\\"\", Bearer realm=\"http://{host}/token?x=1,2\",service=\"s, t\",scope=\"repository:a/b:pull\"";
    let script = Script::ordered([
        Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(Reply::new(401).header("WWW-Authenticate", challenge)),
        Exchange::new("GET", "/token?x=1,2&service=s%2C+t&scope=repository%3Aa%2Fb%3Apull")
            .answers(Reply::new(200).json(&json!({ "access_token": "good" }))),
        Exchange::new("HEAD", "/v2/a/b/manifests/1")
            .wants_header("Authorization", "Bearer good")
            .answers(Reply::new(404)),
    ]);
    let credentials = CredentialSearch {
        given: Some(Located::given(Credentials::password("u", "p"), "TEST")),
        ..CredentialSearch::default()
    };
    let server = Server::new(Settings { credentials, ..settings(&script.host()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let repository = server.repository("a/b".parse().unwrap(), Intent::Pull);
        assert_eq!(repository.resolve(&Selector::Tag("1".parse().unwrap())).await.unwrap(), None);
    });
}

/// OCI distribution 1.1 lets the answer to an upload name what was stored; another digest is no success.
#[test]
fn a_blob_that_was_stored_as_another_is_no_success() {
    let other = Digest::of(b"other").to_string();
    let stored = || Reply::new(201).header("Docker-Content-Digest", &other);
    let content = small();
    let at_once = Script::unordered([Exchange::new("POST", "/v2/a/b/blobs/uploads/").answers(stored())]);
    let in_session = Script::unordered([
        Exchange::new("POST", "/v2/a/b/blobs/uploads/").answers(Reply::new(202).header("Location", "/u")),
        Exchange::new("PUT", "/u").answers(stored()),
    ]);
    for script in [at_once, in_session] {
        let error = with(&script, |to| {
            let content = &content;
            async move { to.push_blob(&content.parts[0], content, None).await.unwrap_err() }
        });
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
}

/// What refers to a manifest is listed by the registry itself, page by page, and by nobody else.
#[test]
fn referrers_are_not_asked_for_elsewhere() {
    let stranger = Script::unordered([]);
    let subject = Digest::of(b"subject");
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{ "mediaType": MANIFEST, "digest": Digest::of(b"signature").to_string(), "size": 9 }],
    });
    let reply = Reply::new(200)
        .header("Content-Type", "application/vnd.oci.image.index.v1+json")
        .header("Link", format!("<http://{}/v2/a/b/referrers/x>; rel=\"next\"", stranger.host()))
        .body(index.to_string());
    let script = Script::ordered([Exchange::new("GET", &format!("/v2/a/b/referrers/{subject}")).answers(reply)]);
    let error = with(&script, |from| async move { from.referrers(&subject).await.unwrap_err() });
    assert!(error.to_string().contains("on another host, which is refused"), "{error}");
    assert!(stranger.requests().is_empty(), "{}", stranger.summary());
}
