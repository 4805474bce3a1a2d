//! Each row of the table, on an answer as the service gives it.

use super::*;

fn hint(host: &str, status: u16, code: &str, message: &str) -> String {
    let refusal = Refusal {
        host: host.into(),
        status,
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        message: message.into(),
        html: false,
        credentials: None,
    };
    of_refusal(&refusal).unwrap_or_default()
}

const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

#[test]
fn a_bare_word_that_can_not_be_reached_may_be_no_host() {
    let expected = "is `acme` a host? A folder is written oci-layout:acme, an account at Docker Hub docker.io/acme";
    assert_eq!(of_unreachable("acme"), expected);
    for host in ["acme.example", "acme:5000", "localhost", "[::1]:5000"] {
        assert!(of_unreachable(host).starts_with("is the server's name right"), "{host}");
    }
}

#[test]
fn services_are_told_by_their_hosts() {
    let missing = "The repository with name 'packs/nginx' does not exist in the registry with id '123456789012'";
    assert_eq!(
        hint(ECR, 404, "NAME_UNKNOWN", missing),
        "ECR wants the repository first: aws ecr create-repository --repository-name packs/nginx --region eu-west-1"
    );
    let immutable = "The image tag '1.0' already exists in the 'nginx' repository and cannot be overwritten because the tag is immutable.";
    assert!(hint(ECR, 400, "TAG_INVALID", immutable).contains("raise \"version\""));
    let expired = hint(ECR, 403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.");
    assert_eq!(
        expired,
        format!("aws ecr get-login-password --region eu-west-1 | spectro registry login {ECR} -u AWS --password-stdin")
    );
    let scopes = "permission_denied: The token provided does not match expected scopes.";
    assert!(hint("ghcr.io", 403, "DENIED", scopes).contains("scope write:packages"));
    assert!(
        hint("ghcr.io", 403, "DENIED", "permission_denied: write_package").contains("permissions: packages: write")
    );
    assert!(hint("ghcr.io", 405, "UNSUPPORTED", "The operation is unsupported.").contains("package's page"));
    let rate = "You have reached your unauthenticated pull rate limit.";
    assert!(hint("registry-1.docker.io", 429, "TOOMANYREQUESTS", rate).contains("login docker.io"));
    let denied = "requested access to the resource is denied";
    assert!(hint("registry-1.docker.io", 401, "DENIED", denied).contains("-r docker.io/NAME"));
    let unknown = "unknown media type: application/vnd.spectrocloud.pack.config.v1+json";
    assert!(hint("registry.gitlab.com", 400, "MANIFEST_INVALID", unknown).contains("this GitLab"));
    assert!(hint("gitlab.example:5050", 400, "MANIFEST_INVALID", unknown).contains("--format archive"));
    assert!(hint("registry.gitlab.com", 403, "DENIED", denied).contains("write_registry"));
    let google = "europe-west4-docker.pkg.dev";
    assert_eq!(
        hint(google, 404, "NAME_UNKNOWN", "Repository \"packs\" not found"),
        "Artifact Registry wants the repository first: gcloud artifacts repositories create packs --repository-format=docker --location=europe-west4"
    );
    let permission = "Permission \"artifactregistry.repositories.uploadArtifacts\" denied on resource";
    assert!(hint(google, 403, "DENIED", permission).contains("artifactregistry.writer"));
    assert!(hint(google, 401, "UNAUTHORIZED", "failed authentication").contains("oauth2accesstoken"));
    assert!(
        hint("acme.azurecr.io", 401, "UNAUTHORIZED", "authentication required")
            .starts_with("az acr login --name acme,")
    );
    assert!(
        hint("quay.io", 401, "UNAUTHORIZED", "access to the requested resource is not authorized").contains("robot")
    );
}

/// Measured on Harbor 2.15.2, whose host can be any.
#[test]
fn harbor_is_told_by_its_words() {
    let harbor = |status, code, message: &str| hint("harbor.example.com", status, code, message);
    assert!(harbor(400, "BAD_REQUEST", "bad request: invalid repository name: noslash").contains("-r HOST/PROJECT"));
    assert!(harbor(401, "UNAUTHORIZED", "project noproj not found").contains("create the project on the server first"));
    assert!(
        harbor(412, "PRECONDITION", "Failed to process request due to 'a:1' configured as immutable.")
            .contains("raise")
    );
    let quota = "adding 4.9 KiB of storage resource, which when updated to current usage of 0 B will exceed the configured upper limit of 2.0 KiB.";
    assert!(harbor(403, "DENIED", quota).contains("quota is used up"));
    let read_only = "The system is in read only mode. Any modification is prohibited.";
    assert!(harbor(403, "DENIED", read_only).contains("maintenance"));
}

#[test]
fn any_other_server_gets_what_its_status_allows() {
    let plain = |status, code, message: &str| hint("reg.example:5000", status, code, message);
    assert!(plain(401, "UNAUTHORIZED", "").contains("spectro registry login reg.example:5000"));
    assert!(plain(403, "DENIED", "no").contains("credentials that may do this"));
    assert!(plain(403, "DENIED", "storage quota exceeded").contains("quota is used up"));
    assert!(plain(405, "UNSUPPORTED", "The operation is unsupported.").contains("storage.delete.enabled"));
    assert!(plain(413, "", "").contains("client_max_body_size"));
    assert!(plain(503, "", "").contains("try again"));
    assert_eq!(plain(404, "NAME_UNKNOWN", ""), "");
    let mut refusal = Refusal {
        host: "reg.example".into(),
        status: 401,
        code: None,
        message: String::new(),
        html: false,
        credentials: Some("`SPECTRO_PASSWORD`".into()),
    };
    let hint = of_refusal(&refusal).unwrap();
    assert_eq!(hint, "the credentials from `SPECTRO_PASSWORD` were refused: spectro registry login reg.example");
    // A proxy before a registry answers with pages as well.
    refusal.html = true;
    assert_eq!(of_refusal(&refusal), Some(hint));
    refusal.status = 404;
    assert!(of_refusal(&refusal).unwrap().contains("web server"));
}

#[test]
fn every_row_can_be_reached() {
    // A row behind one that takes everything it takes would never be shown.
    for (index, row) in TABLE.iter().enumerate() {
        let hidden = TABLE[..index].iter().any(|earlier| {
            (earlier.kind.is_none() || earlier.kind == row.kind)
                && row.words.contains(earlier.words)
                && row.status.iter().all(|status| earlier.status.contains(status))
        });
        assert!(!hidden, "{}", row.advice);
    }
}

#[test]
fn a_port_is_left_out_and_an_address_of_ipv6_stays_whole() {
    for (host, expected) in [
        ("reg.example", "reg.example"),
        ("reg.example:5000", "reg.example"),
        ("[::1]", "[::1]"),
        ("[::1]:5000", "[::1]"),
    ] {
        assert_eq!(without_port(host), expected);
    }
}
