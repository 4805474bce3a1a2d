//! What to do when a server refuses: one table, by the service, its status, its code and its words.
//!
//! The words are those that the services were seen to answer with. A row names what can be done there and nowhere else; what no row
//! knows gets the advice that its status allows.

use spectro_pack::registry::{Kind, Refusal, TlsProblem};

/// A refusal, and what helps.
struct Row {
    /// The service; nothing where the words alone are enough (a Harbor can have any host).
    kind: Option<Kind>,
    status: &'static [u16],
    /// The error code, or part of the message, in lower case; empty fits always.
    words: &'static str,
    /// `{host}`, `{repository}`, `{region}` and `{name}` are filled in.
    advice: &'static str,
}

const TABLE: [Row; 27] = [
    Row {
        kind: Some(Kind::Ecr),
        status: &[404],
        words: "name_unknown",
        advice: "ECR wants the repository first: aws ecr create-repository --repository-name {repository} --region {region}",
    },
    Row {
        kind: Some(Kind::Ecr),
        status: &[400],
        words: "immutable",
        advice: "the repository's tags are immutable: raise \"version\" in pack.json",
    },
    Row {
        kind: Some(Kind::Ecr),
        status: &[401, 403],
        words: "",
        advice: "aws ecr get-login-password --region {region} | spectro registry login {host} -u AWS --password-stdin",
    },
    Row {
        kind: Some(Kind::Ghcr),
        status: &[403],
        words: "scope",
        advice: "the token needs the scope write:packages: spectro registry login ghcr.io",
    },
    Row {
        kind: Some(Kind::Ghcr),
        status: &[403],
        words: "",
        advice: "ghcr wants a token with write:packages; in GitHub Actions the job needs `permissions: packages: write`",
    },
    Row {
        kind: Some(Kind::Ghcr),
        status: &[405],
        words: "",
        advice: "ghcr deletes nothing over this protocol: delete the version on the package's page at GitHub",
    },
    Row {
        kind: Some(Kind::DockerHub),
        status: &[429],
        words: "",
        advice: "Docker Hub limits pulls, and allows more to who is logged in: spectro registry login docker.io",
    },
    Row {
        kind: Some(Kind::DockerHub),
        status: &[401, 403],
        words: "",
        advice: "on Docker Hub one may push below one's own name only: -r docker.io/NAME, and spectro registry login docker.io",
    },
    Row {
        kind: Some(Kind::GitLab),
        status: &[400],
        words: "unknown media type",
        advice: "this GitLab takes only media types that it knows; try --format archive, or ask its administrator",
    },
    Row {
        kind: None,
        status: &[400],
        words: "unknown media type",
        advice: "the server takes only media types that it knows; try --format archive, or ask its administrator",
    },
    Row {
        kind: Some(Kind::GitLab),
        status: &[401, 403],
        words: "",
        advice: "use a deploy or access token with write_registry: spectro registry login {host}",
    },
    Row {
        kind: Some(Kind::ArtifactRegistry),
        status: &[404],
        words: "not found",
        advice: "Artifact Registry wants the repository first: gcloud artifacts repositories create {name} --repository-format=docker --location={region}",
    },
    Row {
        kind: Some(Kind::ArtifactRegistry),
        status: &[403],
        words: "uploadartifacts",
        advice: "grant roles/artifactregistry.writer on the repository",
    },
    Row {
        kind: Some(Kind::ArtifactRegistry),
        status: &[401, 403],
        words: "",
        advice: "gcloud auth print-access-token | spectro registry login {host} -u oauth2accesstoken --password-stdin",
    },
    Row {
        kind: Some(Kind::Acr),
        status: &[401, 403],
        words: "",
        advice: "az acr login --name {name}, or spectro registry login {host} with a token that has content/write",
    },
    Row {
        kind: Some(Kind::Quay),
        status: &[401, 403],
        words: "",
        advice: "use a robot account with write permission: spectro registry login quay.io",
    },
    Row {
        kind: None,
        status: &[400],
        words: "invalid repository name",
        advice: "Harbor keeps packs in projects: name one behind the host, as -r HOST/PROJECT",
    },
    Row {
        kind: None,
        status: &[401, 404],
        words: "project",
        advice: "create the project on the server first (Harbor keeps packs in projects), or check its name and that you are a member",
    },
    Row {
        kind: None,
        status: &[412],
        words: "immutable",
        advice: "an immutability rule of the project protects this tag: raise \"version\" in pack.json",
    },
    Row {
        kind: None,
        status: &[403, 412],
        words: "upper limit",
        advice: "the project's quota is used up: delete old versions there, or have its administrator raise it",
    },
    Row {
        kind: None,
        status: &[403],
        words: "quota",
        advice: "the quota is used up: delete old versions there, or have it raised",
    },
    Row {
        kind: None,
        status: &[403],
        words: "read only",
        advice: "the server is under maintenance: try again when its administrator has ended that",
    },
    Row {
        kind: None,
        status: &[400],
        words: "http request to an https server",
        advice: "the server speaks https: leave --plain-http out, and write -r https://{host}",
    },
    Row {
        kind: None,
        status: &[405],
        words: "",
        advice: "the server does not allow this; where it is yours, enable it (distribution: storage.delete.enabled)",
    },
    Row {
        kind: None,
        status: &[403],
        words: "",
        advice: "use credentials that may do this: spectro registry login {host}",
    },
    Row {
        kind: None,
        status: &[413],
        words: "",
        advice: "the server, or a proxy before it, limits how large a file may be; its administrator can raise that (nginx: client_max_body_size)",
    },
    Row {
        kind: None,
        status: &[408, 429, 500, 502, 503, 504],
        words: "",
        advice: "the server may have passing trouble: try again",
    },
];

/// Returns what helps where a server can't be reached: its name could be a folder's, or an account's at Docker Hub.
pub(super) fn of_unreachable(host: &str) -> String {
    if host.contains(['.', ':']) || host == "localhost" {
        return "is the server's name right, and does it run there? A proxy is named by HTTPS_PROXY".into();
    }
    format!("is `{host}` a host? A folder is written oci-layout:{host}, an account at Docker Hub docker.io/{host}")
}

/// Returns what helps where https did not come about.
pub(super) fn of_tls(problem: &TlsProblem) -> &'static str {
    match problem {
        TlsProblem::UnknownIssuer => "give the authority that signed it with --ca-file FILE; -i verifies nothing",
        TlsProblem::Expired => "have it renewed; until then -i verifies nothing",
        TlsProblem::NotValidYet => "set this machine's clock; -i verifies nothing",
        TlsProblem::OtherName => "name the server as its certificate does; -i verifies nothing",
        TlsProblem::ClientCertificate => "show one with --cert-file FILE --key-file FILE",
        TlsProblem::ClientRefused(_) => {
            "ask who runs it for a certificate of its authority: --cert-file FILE --key-file FILE"
        }
        TlsProblem::Closed => {
            "a server that wants a certificate of the client does that: --cert-file FILE --key-file FILE"
        }
        TlsProblem::NotTls => "a server that speaks plain http wants --plain-http; or is it another port?",
        _ => "look at it with: openssl s_client -connect HOST:PORT; -i verifies nothing",
    }
}

/// Returns what helps against a refusal, where something is known.
pub(super) fn of_refusal(refusal: &Refusal) -> Option<String> {
    let host = refusal.host.as_str();
    if refusal.is_of_a_web_server() {
        return Some("check the server's name and its port: this is a web server".into());
    }
    let kind = Kind::of_host(without_port(host));
    let said = format!("{} {}", refusal.code.as_deref().unwrap_or_default(), refusal.message).to_lowercase();
    let fits = |row: &&Row| {
        row.kind.is_none_or(|wanted| wanted == kind) && row.status.contains(&refusal.status) && said.contains(row.words)
    };
    let found = TABLE.iter().find(fits).map(|row| filled(row.advice, refusal));
    // Shown credentials that were refused are the first thing to look at, whatever the service.
    match (refusal.status, &refusal.credentials) {
        (401, Some(source)) => {
            let advice = found.unwrap_or_else(|| format!("spectro registry login {host}"));
            Some(format!("the credentials from {source} were refused: {advice}"))
        }
        (401, None) if found.is_none() => {
            Some(format!("spectro registry login {host}, or set SPECTRO_USERNAME and SPECTRO_PASSWORD"))
        }
        _ => found,
    }
}

/// Returns the host of `host[:port]`, which may be an IPv6 address in brackets.
pub(super) fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

fn filled(advice: &str, refusal: &Refusal) -> String {
    let host = refusal.host.as_str();
    // The repository stands in the message, quoted in one way or another.
    let quoted = refusal.message.split(['\'', '"', '`']).nth(1).filter(|name| !name.contains(' ') && !name.is_empty());
    let repository = quoted.unwrap_or("NAME");
    let name = match host.split_once(".azurecr.io") {
        Some((name, _)) => name,
        None => repository.rsplit('/').next().unwrap_or(repository),
    };
    advice
        .replace("{host}", host)
        .replace("{repository}", repository)
        .replace("{region}", region(host))
        .replace("{name}", name)
}

/// Returns the region in the name of a host of Amazon (`ID.dkr.ecr.REGION.amazonaws.com`) or Google (`REGION-docker.pkg.dev`).
fn region(host: &str) -> &str {
    let amazon = host.split_once(".dkr.ecr.").and_then(|(_, rest)| rest.split('.').next());
    let google = host.split_once("-docker.pkg.dev").map(|(region, _)| region);
    amazon.or(google).unwrap_or("REGION")
}

#[cfg(test)]
mod tests;
