//! What OCI distribution 1.1.1 lets a registry answer, and a client must cope with; real registries show some of it, a script the rest.

mod registries_differ;

use std::future::Future;

use bytes::Bytes;
use serde_json::json;
use spectro_pack::{
    digest::Digest,
    registry::{Intent, Repository, RetryRule, Server, Settings},
    store::{
        BlobOutcome, Content as ManifestContent, Descriptor, ErrorKind, Selector, Source as _, TagRule, Target as _,
    },
};

use crate::support::{
    Exchange, Reply, Script,
    artifact::{Content, settings},
};

const OCTETS: &str = "application/octet-stream";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Runs a story on the repository `a/b` of a scripted server.
fn with<F: Future>(script: &Script, story: impl FnOnce(Repository) -> F) -> F::Output {
    rustls::crypto::ring::default_provider().install_default().ok();
    let once = RetryRule { retries: 0, ..RetryRule::default() };
    let server = Server::new(Settings { retry: once, ..settings(&script.host()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(story(server.repository("a/b".parse().unwrap(), Intent::Push)))
}

fn small() -> Content {
    Content::of(&["small"])
}

/// More than goes with a POST.
fn large() -> Content {
    Content::of_bytes([Bytes::from(vec![7; 100_000])])
}

fn query(digest: &Digest) -> String {
    format!("digest=sha256%3A{}", digest.hex())
}

fn push(script: &Script, content: &Content, mount: Option<&str>) -> BlobOutcome {
    let mount = mount.map(|name| name.parse().unwrap());
    with(script, |to| async move { to.push_blob(&content.parts[0], content, mount.as_ref()).await.unwrap() })
}

#[test]
fn a_small_blob_goes_with_one_post() {
    let content = small();
    let target = format!("/v2/a/b/blobs/uploads/?{}", query(&content.parts[0].digest));
    let script = Script::ordered([Exchange::new("POST", &target)
        .wants_header("content-type", OCTETS)
        .wants_body("small")
        .answers(Reply::new(201).header("Location", "/v2/a/b/blobs/x"))]);
    assert_eq!(push(&script, &content, None), BlobOutcome::Uploaded);
}

/// The Location is used as it is: relative or absolute, its query kept.
#[test]
fn an_upload_goes_on_where_the_location_says() {
    let content = small();
    let own = query(&content.parts[0].digest);
    for (location, put) in [
        ("/v2/a/b/blobs/uploads/1", format!("/v2/a/b/blobs/uploads/1?{own}")),
        ("http://{host}/v2/a/b/blobs/uploads/2", format!("/v2/a/b/blobs/uploads/2?{own}")),
        ("/elsewhere/3?_state=x%3D%2F&b", format!("/elsewhere/3?_state=x%3D%2F&b&{own}")),
        ("http://{host}/4?", format!("/4?{own}")),
    ] {
        let script = Script::ordered([
            Exchange::new("POST", &format!("/v2/a/b/blobs/uploads/?{own}"))
                .answers(Reply::new(202).header("Location", location)),
            Exchange::new("PUT", &put)
                .wants_header("content-type", OCTETS)
                .wants_body("small")
                .answers(Reply::new(201)),
        ]);
        assert_eq!(push(&script, &content, None), BlobOutcome::Uploaded, "{location}");
    }
}

/// What a registry says to a POST with the whole blob that it does not know.
#[test]
fn a_registry_that_takes_no_whole_post_is_asked_for_a_session() {
    let content = small();
    let own = query(&content.parts[0].digest);
    for status in [400, 404, 405, 411] {
        let script = Script::ordered([
            Exchange::new("POST", &format!("/v2/a/b/blobs/uploads/?{own}")).answers(Reply::error(
                status,
                "UNSUPPORTED",
                "no",
            )),
            Exchange::new("POST", "/v2/a/b/blobs/uploads/")
                .wants_header("content-length", "0")
                .answers(Reply::new(202).header("Location", "/u")),
            Exchange::new("PUT", &format!("/u?{own}")).wants_body("small").answers(Reply::new(201)),
        ]);
        assert_eq!(push(&script, &content, None), BlobOutcome::Uploaded, "{status}");
    }
}

fn head(content: &Content, status: u16) -> Exchange {
    let digest = &content.parts[0].digest;
    let reply = Reply::new(status).header("Content-Length", if status == 200 { "100000" } else { "0" });
    Exchange::new("HEAD", &format!("/v2/a/b/blobs/{digest}")).answers(reply)
}

fn session(content: &Content) -> [Exchange; 2] {
    let put = format!("/u?{}", query(&content.parts[0].digest));
    [
        Exchange::new("POST", "/v2/a/b/blobs/uploads/").answers(Reply::new(202).header("Location", "/u")),
        Exchange::new("PUT", &put).wants_header("content-length", "100000").answers(Reply::new(201)),
    ]
}

#[test]
fn a_large_blob_is_asked_for_first_and_sent_in_one_put() {
    let content = large();
    assert_eq!(push(&Script::ordered([head(&content, 200)]), &content, None), BlobOutcome::Exists);
    let [post, put] = session(&content);
    assert_eq!(push(&Script::ordered([head(&content, 404), post, put]), &content, None), BlobOutcome::Uploaded);
}

#[test]
fn a_mount_is_accepted_or_declined() {
    let content = large();
    let digest = content.parts[0].digest.hex().to_owned();
    let mount = |reply| {
        let target = format!("/v2/a/b/blobs/uploads/?mount=sha256%3A{digest}&from=other%2Frepository");
        Exchange::new("POST", &target).wants_header("content-length", "0").answers(reply)
    };
    let done = Reply::new(201).header("Location", "/v2/a/b/blobs/x");
    let script = Script::ordered([head(&content, 404), mount(done)]);
    assert_eq!(push(&script, &content, Some("other/repository")), BlobOutcome::Mounted);
    // Declined: a session was opened that nobody needs, and is given back.
    let [post, put] = session(&content);
    let declined = mount(Reply::new(202).header("Location", "/unused?x=1"));
    let given_back = Exchange::new("DELETE", "/unused?x=1").answers(Reply::new(204));
    let script = Script::ordered([head(&content, 404), declined, given_back, post, put]);
    assert_eq!(push(&script, &content, Some("other/repository")), BlobOutcome::Uploaded);
    for status in [400, 404, 405] {
        let [post, put] = session(&content);
        let unknown = mount(Reply::error(status, "UNSUPPORTED", "no mounts"));
        let script = Script::ordered([head(&content, 404), unknown, post, put]);
        assert_eq!(push(&script, &content, Some("other/repository")), BlobOutcome::Uploaded, "{status}");
    }
}

/// `Docker-Content-Digest` is a MUST of the answer only since 1.1, and `OCI-Subject` is for those who sent a subject.
#[test]
fn a_manifest_is_put_with_and_without_the_headers_of_the_answer() {
    let content = small();
    let digest = content.manifest.digest().to_string();
    let full = Reply::new(201).header("Docker-Content-Digest", &digest).header("OCI-Subject", &digest);
    for reply in [full, Reply::new(201), Reply::new(201).header("OCI-Subject", "nonsense")] {
        let script = Script::ordered([Exchange::new("PUT", &format!("/v2/a/b/manifests/{digest}"))
            .wants_header("content-type", MANIFEST)
            .wants_body(content.manifest.bytes().to_vec())
            .answers(reply)]);
        with(&script, |to| {
            let manifest = &content.manifest;
            async move { to.push_manifest(manifest, None).await.unwrap() }
        });
    }
    let other = Digest::of(b"other").to_string();
    let script = Script::ordered([Exchange::new("PUT", &format!("/v2/a/b/manifests/{digest}"))
        .answers(Reply::new(201).header("Docker-Content-Digest", other))]);
    let error = with(&script, |to| {
        let manifest = &content.manifest;
        async move { to.push_manifest(manifest, None).await.unwrap_err() }
    });
    assert_eq!(error.kind(), ErrorKind::Integrity);
}

#[test]
fn a_manifest_without_a_digest_in_its_head_is_read_and_hashed() {
    let content = small();
    let text = content.manifest.bytes().to_vec();
    let get = || {
        Exchange::new("GET", "/v2/a/b/manifests/1")
            .answers(Reply::new(200).header("Content-Type", MANIFEST).body(text.clone()))
    };
    let head = |length: &str| {
        let reply = Reply::new(200).header("Content-Type", MANIFEST).header("Content-Length", length);
        Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(reply)
    };
    let length = text.len().to_string();
    let selector = Selector::Tag("1".parse().unwrap());
    let script = Script::ordered([head(&length), get()]);
    let found = with(&script, |from| async move { from.resolve(&selector).await.unwrap().unwrap() });
    assert_eq!((&found.digest, found.size), (content.manifest.digest(), text.len() as u64));
    // A Content-Type with parameters, and a charset.
    let selector = Selector::Tag("1".parse().unwrap());
    let typed = Reply::new(200).header("Content-Type", format!("{MANIFEST}; charset=utf-8")).body(text.clone());
    let script = Script::ordered([Exchange::new("GET", "/v2/a/b/manifests/1").answers(typed)]);
    let manifest = with(&script, |from| async move { from.manifest(&selector).await.unwrap() });
    assert!(matches!(manifest.content(), ManifestContent::Image { .. }));
}

fn tags(script: &Script) -> Result<Vec<String>, ErrorKind> {
    with(script, |from| async move {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = from.tags(after.as_ref()).await.map_err(|error| error.kind())?;
            all.extend(page.tags.iter().map(ToString::to_string));
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    })
}

#[test]
fn tags_come_page_by_page() {
    let page = |names: &[&str]| Reply::new(200).json(&json!({ "name": "a/b", "tags": names }));
    for link in [
        "</v2/a/b/tags/list?n=2&last=b>; rel=\"next\"",
        "<http://{host}/v2/a/b/tags/list?n=2&last=b>; rel=next",
        "<?n=2&last=b>;rel=\"next\"",
    ] {
        let script = Script::ordered([
            Exchange::new("GET", "/v2/a/b/tags/list?n=1000").answers(page(&["a", "b"]).header("Link", link)),
            Exchange::new("GET", "/v2/a/b/tags/list?n=2&last=b").answers(page(&["c"])),
        ]);
        assert_eq!(tags(&script), Ok(vec!["a".into(), "b".into(), "c".into()]), "{link}");
    }
    for nothing in [json!({"name": "a/b", "tags": []}), json!({"name": "a/b", "tags": null}), json!({"name": "a/b"})] {
        let reply = Reply::new(200).json(&nothing);
        let script = Script::ordered([Exchange::new("GET", "/v2/a/b/tags/list?n=1000").answers(reply)]);
        assert_eq!(tags(&script), Ok(Vec::new()), "{nothing}");
    }
    // Elsewhere is not asked, and a page that names itself ends.
    let elsewhere = page(&["a"]).header("Link", "<http://127.0.0.1:1/v2/a/b/tags/list>; rel=\"next\"");
    let script = Script::ordered([Exchange::new("GET", "/v2/a/b/tags/list?n=1000").answers(elsewhere)]);
    assert!(tags(&script).is_err());
}

#[test]
fn what_is_not_there_is_404_in_any_words() {
    let replies = [
        Reply::error(404, "NAME_UNKNOWN", "repository name not known to registry"),
        Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        Reply::error(404, "BLOB_UNKNOWN", "blob unknown"),
        Reply::error(404, "NOT_FOUND", "artifact a/b:1 not found"),
        Reply::new(404).header("Content-Type", "text/plain").body("404 page not found\n"),
        Reply::new(404),
    ];
    for reply in replies {
        let blob = Descriptor::of("a/b", b"x");
        let script = Script::unordered([
            Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(Reply::new(404)),
            Exchange::new("GET", "/v2/a/b/manifests/1").answers(reply.clone()),
            Exchange::new("GET", "/v2/a/b/tags/list*").answers(reply.clone()),
            Exchange::new("GET", "/v2/a/b/blobs/*").answers(reply.clone()),
            Exchange::new("HEAD", "/v2/a/b/blobs/*").answers(Reply::new(404)),
        ]);
        with(&script, |from| async move {
            let selector = Selector::Tag("1".parse().unwrap());
            assert_eq!(from.resolve(&selector).await.unwrap(), None);
            assert_eq!(from.manifest(&selector).await.unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(from.tags(None).await.unwrap_err().kind(), ErrorKind::NotFound);
            assert!(!from.has_blob(&blob).await.unwrap());
            assert_eq!(from.blob(&blob).await.map(drop).unwrap_err().kind(), ErrorKind::NotFound);
        });
    }
}

/// A rule for the tag that the server can't hold is checked by asking afterwards.
#[test]
fn a_tag_that_names_something_else_after_the_put_is_a_lost_race() {
    let content = small();
    let (digest, other) = (content.manifest.digest().to_string(), Digest::of(b"other").to_string());
    let put = Exchange::new("PUT", "/v2/a/b/manifests/1").wants_header("if-none-match", "*").answers(Reply::new(201));
    let reply = Reply::new(200).header("Content-Type", MANIFEST).header("Docker-Content-Digest", other);
    let look = Exchange::new("HEAD", "/v2/a/b/manifests/1").any_number().answers(reply.header("Content-Length", "10"));
    let by_digest = Exchange::new("PUT", &format!("/v2/a/b/manifests/{digest}")).any_number().answers(Reply::new(201));
    let script = Script::unordered([put, look, by_digest]);
    let error = with(&script, |to| {
        let manifest = &content.manifest;
        async move { to.push_manifest(manifest, Some((&"1".parse().unwrap(), &TagRule::Absent))).await.unwrap_err() }
    });
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

/// Found by the soak: with `-f` a refusal for the content was told as a tag with other content.
#[test]
fn a_refusal_for_the_content_is_no_conflict_over_the_tag() {
    let content = small();
    for (code, kind) in [
        ("DIGEST_INVALID", ErrorKind::Unavailable),
        ("MANIFEST_BLOB_UNKNOWN", ErrorKind::Unavailable),
        ("MANIFEST_INVALID", ErrorKind::Unavailable),
        ("TAG_INVALID", ErrorKind::Conflict),
    ] {
        let other = Digest::of(b"other").to_string();
        let there = Reply::new(200).header("Content-Type", MANIFEST).header("Docker-Content-Digest", other);
        let script = Script::ordered([
            Exchange::new("PUT", "/v2/a/b/manifests/1").answers(Reply::error(400, code, "no")),
            Exchange::new("HEAD", "/v2/a/b/manifests/1").answers(there.header("Content-Length", "10")),
        ]);
        let error = with(&script, |to| {
            let manifest = &content.manifest;
            async move { to.push_manifest(manifest, Some((&"1".parse().unwrap(), &TagRule::Any))).await.unwrap_err() }
        });
        assert_eq!(error.kind(), kind, "{code}: {error}");
    }
}
