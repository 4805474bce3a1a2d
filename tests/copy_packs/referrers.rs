//! What refers to a pack, such as signatures and SBOMs, goes with it: by the API of referrers and by the tag schemes.

use super::{copy, digest, push_versions};
use crate::support::{Kind, RealRegistry, Sandbox, have, needs};

#[test]
fn what_refers_to_a_pack_goes_with_it() {
    needs!(Oras);
    let kinds = Kind::ALL
        .into_iter()
        .filter(|kind| have("copy_packs::referrers::what_refers_to_a_pack_goes_with_it", &[kind.tool()]));
    for (from, to) in kinds.clone().flat_map(|from| kinds.clone().map(move |to| (from, to))) {
        let (from, to) = (RealRegistry::start(from), RealRegistry::start(to));
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &from.host(), &["1.0.0"]);
        sandbox.write("sbom.json", "{}");
        let subject = format!("{}/permission-manager:1.0.0", from.host());
        let attach = |subject: &str| {
            let words = [
                "attach",
                "--plain-http",
                "--artifact-type",
                "text/sbom",
                subject,
                "sbom.json:application/json",
                "--format",
                "json",
            ];
            let json = sandbox.tool("oras", words).run().success().json();
            json["digest"].as_str().expect("oras says the digest").to_owned()
        };
        let sbom = attach(&subject);
        let signature = attach(&format!("{}/permission-manager@{sbom}", from.host()));
        let shown = format!("{:?} → {:?}", from.kind(), to.kind());
        let planned = copy(&sandbox, &[&subject, &to.host(), "--dry-run", "--referrers"]).success();
        planned.prints("upload    sbom.json").prints("with 2 referrers");
        copy(&sandbox, &[&subject, &to.host(), "--referrers"]).success().prints("with 2 referrers");
        let discover = |reference: &str| {
            let words = ["discover", "--plain-http", "--format", "json", reference];
            sandbox.tool("oras", words).run().success().stdout
        };
        let copied = format!("{}/permission-manager", to.host());
        assert!(discover(&format!("{copied}:1.0.0")).contains(&sbom), "{shown}");
        assert!(discover(&format!("{copied}@{sbom}")).contains(&signature), "{shown}");
        // Through a local store and a file, too.
        copy(&sandbox, &[&subject, "oci-layout:./kept", "--referrers"]).success().prints("with 2 referrers");
        copy(&sandbox, &["oci-layout:./kept/permission-manager:1.0.0", "oci-archive:kept.tar", "--referrers", "-f"])
            .success()
            .prints("with 2 referrers");
        let again = ["oci-archive:kept.tar", &format!("{}/again", to.host()), "--referrers"];
        let copied = copy(&sandbox, &again).success().prints("with 2 referrers");
        assert_eq!(copied.stderr.matches("  uploaded  pack.json ").count(), 1, "{copied}");
        sandbox.spectro(["pack", "inspect", "oci-archive:kept.tar"]).run().success();
        assert!(discover(&format!("{}/again/permission-manager:1.0.0", to.host())).contains(&sbom), "{shown}");
    }
}

#[test]
fn a_signature_of_cosign_holds_for_the_copy() {
    needs!(Distribution, Zot, Cosign);
    // A zot lists referrers; distribution 2.8 knows only the tag scheme.
    let (zot, distribution) = (RealRegistry::start(Kind::Zot), RealRegistry::start(Kind::Distribution));
    let sandbox = Sandbox::new();
    push_versions(&sandbox, &zot.host(), &["1.0.0"]);
    let subject = format!("{}/permission-manager:1.0.0", zot.host());
    let digest = digest(&sandbox, &subject);
    let cosign = |words: &[&str], server: &str| {
        let signed = format!("{server}/permission-manager@{digest}");
        sandbox
            .tool("cosign", words.iter().copied().chain(["--allow-http-registry", &signed]))
            .env("COSIGN_PASSWORD", "")
            .run()
    };
    sandbox.tool("cosign", ["generate-key-pair"]).env("COSIGN_PASSWORD", "").run().success();
    let offline = ["sign", "-y", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false"];
    cosign(&offline, &zot.host()).success();
    let verify = ["verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true"];
    let mirror = format!("{}/mirror", distribution.host());
    copy(&sandbox, &[&subject, &mirror]).success();
    cosign(&verify, &mirror).says("no signatures found");
    copy(&sandbox, &[&subject, &mirror, "--referrers"]).success().prints("with 1 referrer");
    cosign(&verify, &mirror).success();
    // By a file, to another place.
    copy(&sandbox, &[&format!("{mirror}/permission-manager:1.0.0"), "oci-archive:signed.tar", "--referrers"]).success();
    let again = format!("{}/again", zot.host());
    copy(&sandbox, &["oci-archive:signed.tar", &again, "--referrers"]).success().prints("with 1 referrer");
    cosign(&verify, &again).success();
}

#[test]
fn cosigns_tags_go_with_a_pack() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    push_versions(&sandbox, &registry.host(), &["1.0.0"]);
    let subject = format!("{}/permission-manager:1.0.0", registry.host());
    let digest = digest(&sandbox, &subject).replace(':', "-");
    let config = registry.put_blob("permission-manager", b"{}");
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"layers":[]}}"#
    );
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    registry.put_manifest("permission-manager", &format!("{digest}.sig"), media_type, manifest.as_bytes()).expect(201);
    copy(&sandbox, &[&subject, &format!("{}/b", registry.host()), "--referrers"]).success().prints("with 1 referrer");
    assert!(registry.tags("b/permission-manager").contains(&format!("{digest}.sig")));
    // They are no versions.
    let listed = sandbox.spectro(["pack", "ls", "permission-manager", "-r", &registry.host()]).run().success();
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
}
