//! Names of images, in the normal form in which they are compared.
//!
//! `docker.io/` and `library/` are implied, as Docker implies them (distribution/reference, "familiar names").

use std::fmt;

/// The name of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ImageName {
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

impl ImageName {
    /// Reads a name as it is written in manifests and values; nothing where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        let name_end = name.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match name[name_end..].split_once(':') {
            Some((last, tag)) => (&name[..name_end + last.len()], Some(tag.to_owned())),
            None => (name, None),
        };
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (registry, repository) = match name.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest),
            _ => ("docker.io", name),
        };
        let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
        let implied = registry == "docker.io" && !repository.contains('/');
        let repository = if implied { format!("library/{repository}") } else { repository.to_owned() };
        let valid = is_registry(registry)
            && repository.split('/').all(is_component)
            && tag.as_deref().is_none_or(is_tag)
            && digest.as_deref().is_none_or(is_digest);
        valid.then(|| Self { registry: registry.to_owned(), repository, tag, digest })
    }

    /// Returns the last part of the repository.
    pub(super) fn last_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Returns whether it has the same path as another, in whatever registry. What Docker implies is none.
    pub(super) fn same_path(&self, other: &Self) -> bool {
        let [own, other] =
            [self, other].map(|name| name.repository.strip_prefix("library/").unwrap_or(&name.repository));
        own == other
    }

    /// Returns whether it is in the same repository as another.
    pub(super) fn same_repository(&self, other: &Self) -> bool {
        self.registry == other.registry && self.repository == other.repository
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repository = self.repository.strip_prefix("library/").filter(|_| self.registry == "docker.io");
        match repository {
            Some(name) => formatter.write_str(name)?,
            None => write!(formatter, "{}/{}", self.registry, self.repository)?,
        }
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(formatter, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "1"));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !host.is_empty() && host.bytes().all(letter) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_component(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(word) && text.bytes().last().is_some_and(word);
    ends && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let rest = |byte: u8| word(byte) || matches!(byte, b'.' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().next().is_some_and(word) && text.bytes().all(rest)
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_normal_form() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, normal) in [
            ("nginx", "nginx"),
            ("library/nginx:1.2", "nginx:1.2"),
            ("index.docker.io/library/nginx:1", "nginx:1"),
            ("grafana/grafana:9", "docker.io/grafana/grafana:9"),
            ("localhost:5000/a/b:1", "localhost:5000/a/b:1"),
            ("gcr.io/a/b_c--d.e", "gcr.io/a/b_c--d.e"),
            (&format!("quay.io/a/b:1@{digest}"), &format!("quay.io/a/b:1@{digest}")),
        ] {
            assert_eq!(ImageName::parse(text).unwrap().to_string(), *normal);
        }
        for text in [
            "",
            "a b",
            "Nginx",
            "/a/b",
            "a//b",
            "a:",
            "a:b c",
            "a@sha256:12",
            "{{ .x }}",
            "https://a/b",
            "a/-b",
            "a:1:2/x",
        ] {
            assert_eq!(ImageName::parse(text), None, "{text}");
        }
        assert_eq!(ImageName::parse("gcr.io/a/b:1").unwrap().last_name(), "b");
    }
}
