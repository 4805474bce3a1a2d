//! What people type: `host[:port][/base/path]` and `NAME[:TAG][@DIGEST]`.
//!
//! Nothing is assumed: no `latest`, no Docker Hub. A text that is almost right is refused with what was probably meant.

use std::{fmt, str::FromStr};

use crate::{
    digest::Digest,
    store::{RepositoryName, Selector, Tag},
};

/// A text that is no reference, with what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {problem}")]
pub struct InvalidReference {
    /// The text, cut to 200 characters.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
    /// What may have been meant.
    pub meant: Option<String>,
}

impl InvalidReference {
    pub(crate) fn new(text: &str, problem: impl Into<String>) -> Self {
        Self { text: text.chars().take(200).collect(), problem: problem.into(), meant: None }
    }

    fn meant(mut self, meant: impl Into<String>) -> Self {
        self.meant = Some(meant.into());
        self
    }
}

/// A registry, and the path below which its packs are: `host[:port][/base/path]`.
///
/// A pasted `https://` in front and a `/` behind are dropped; `http://` means plain http.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerName {
    host: String,
    base: Option<RepositoryName>,
    plain_http: Option<bool>,
}

impl ServerName {
    /// Returns `host[:port]`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the path below which its packs are.
    pub fn base(&self) -> Option<&RepositoryName> {
        self.base.as_ref()
    }

    /// Returns whether `http://` (true) or `https://` (false) was typed in front.
    pub fn plain_http(&self) -> Option<bool> {
        self.plain_http
    }

    /// Returns whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        url::Url::parse(&format!("http://{}/", self.host)).is_ok_and(|url| super::wire::is_loopback(&url))
    }

    /// Returns the repository of a pack of this name. Docker Hub keeps a name without a path in `library/`.
    ///
    /// # Errors
    ///
    /// Fails where both together are too long for a name.
    pub fn repository(&self, name: &RepositoryName) -> Result<RepositoryName, InvalidReference> {
        let is_docker_hub = matches!(self.host.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let whole = match &self.base {
            Some(base) => format!("{base}/{name}"),
            None if is_docker_hub && !name.as_str().contains('/') => format!("library/{name}"),
            None => return Ok(name.clone()),
        };
        whole.parse().map_err(|_| InvalidReference::new(&whole, "is longer than the 255 bytes of a repository name"))
    }
}

impl FromStr for ServerName {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let (rest, plain_http) = match text.split_once("://") {
            None => (text, None),
            Some(("https", rest)) => (rest, Some(false)),
            Some(("http", rest)) => (rest, Some(true)),
            Some(("oci", rest)) => {
                return Err(InvalidReference::new(text, "is not a server: leave the `oci://` out").meant(rest));
            }
            Some((scheme, _)) => {
                return Err(InvalidReference::new(text, format!("is not a server: `{scheme}://` is not spoken")));
            }
        };
        let rest = rest.trim_end_matches('/');
        let (host, base) = rest.split_once('/').map_or((rest, None), |(host, base)| (host, Some(base)));
        if !is_host(host) {
            return Err(InvalidReference::new(text, "is not a server: it is written `host[:port][/base/path]`"));
        }
        let base = match base {
            None => None,
            Some(base) => Some(base.parse().map_err(|_| {
                let error =
                    InvalidReference::new(text, format!("has the path `{base}`, which can't be a repository's"));
                let lower = base.to_lowercase();
                if lower.parse::<RepositoryName>().is_ok() { error.meant(format!("{host}/{lower}")) } else { error }
            })?),
        };
        Ok(Self { host: host.to_lowercase(), base, plain_http })
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)?;
        self.base.iter().try_for_each(|base| write!(formatter, "/{base}"))
    }
}

/// Returns whether the text is `host` or `host:port`: a name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("ipv6", if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
            }
            _ => return false,
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // `1.2` and `0x7f.1` would be addresses of other hosts (1.0.0.2, 127.0.0.1) than they say.
    let is_itself = || {
        let url = url::Url::parse(&format!("https://{host}/"));
        url.is_ok_and(|url| url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host)))
    };
    host.split('.').all(is_label)
        && is_itself()
        && port.is_none_or(|port| {
            // `parse` alone would take a `+`.
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
}

/// Which pack of a server: `NAME[:TAG][@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackReference {
    /// The pack's name, which may be a path.
    pub name: RepositoryName,
    /// The tag, which is the version.
    pub tag: Option<Tag>,
    /// The digest of the manifest.
    pub digest: Option<Digest>,
}

impl PackReference {
    /// Returns what selects the manifest: the digest before the tag, or nothing where only a name is given.
    pub fn selector(&self) -> Option<Selector> {
        let by_digest = self.digest.clone().map(Selector::Digest);
        by_digest.or_else(|| self.tag.clone().map(Selector::Tag))
    }
}

impl FromStr for PackReference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        let digest = match digest {
            None => None,
            Some(digest) => Some(digest.parse().map_err(|_| {
                let problem = "ends in no digest: behind `@` stand `sha256:` and 64 lower-case hexadecimal digits";
                let error = InvalidReference::new(text, problem);
                let lower = digest.to_lowercase();
                if lower.parse::<Digest>().is_ok() { error.meant(format!("{rest}@{lower}")) } else { error }
            })?),
        };
        let colon = rest.rfind(':').filter(|colon| !rest[*colon..].contains('/'));
        let (name, tag) = colon.map_or((rest, None), |colon| (&rest[..colon], Some(&rest[colon + 1..])));
        if name.ends_with(':') || tag.is_some_and(str::is_empty) {
            let bare = name.trim_end_matches(':');
            let error = InvalidReference::new(text, "has a `:` and no tag behind it");
            return Err(if bare.parse::<RepositoryName>().is_ok() { error.meant(bare) } else { error });
        }
        let name = name.parse().map_err(|_| {
            let error = InvalidReference::new(text, format!("has the name `{name}`, which no repository can have"));
            let lower = name.to_lowercase();
            match (lower.parse::<RepositoryName>(), tag) {
                (Ok(_), Some(tag)) => error.meant(format!("{lower}:{tag}")),
                (Ok(_), None) => error.meant(lower),
                (Err(_), _) => error,
            }
        })?;
        let tag = match tag {
            None => None,
            Some(tag) => Some(Tag::of_version(tag).map_err(|_| {
                let rule = "up to 128 letters, digits, `.`, `_` and `-`, beginning with none of `.` and `-`";
                InvalidReference::new(text, format!("has the tag `{tag}`; a tag is {rule}"))
            })?),
        };
        Ok(Self { name, tag, digest })
    }
}

impl fmt::Display for PackReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.name)?;
        self.tag.iter().try_for_each(|tag| write!(formatter, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(formatter, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_are_read_as_people_paste_them() {
        for (text, shown, plain) in [
            ("ghcr.io/acme/packs", "ghcr.io/acme/packs", None),
            ("https://ghcr.io/acme/", "ghcr.io/acme", Some(false)),
            ("http://zot.local:5000", "zot.local:5000", Some(true)),
            ("localhost:5000", "localhost:5000", None),
            ("[::1]:5000/a", "[::1]:5000/a", None),
            ("REG.example", "reg.example", None),
        ] {
            let server: ServerName = text.parse().unwrap();
            assert_eq!((server.to_string().as_str(), server.plain_http()), (shown, plain));
        }
        assert!("[::1]".parse::<ServerName>().unwrap().is_loopback());
        for text in
            ["", "/", "ho st", "host:", "host:0", "host:99999", "user@host", "a..b", "[::1", "ftp://x", "x/../y"]
        {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
        assert_eq!("ghcr.io/Acme".parse::<ServerName>().unwrap_err().meant.as_deref(), Some("ghcr.io/acme"));
        assert_eq!("oci://ghcr.io/a".parse::<ServerName>().unwrap_err().meant.as_deref(), Some("ghcr.io/a"));
    }

    #[test]
    fn docker_hub_keeps_a_name_without_a_path_in_library() {
        for (server, name, expected) in [
            ("docker.io", "nginx", "library/nginx"),
            ("docker.io", "acme/nginx", "acme/nginx"),
            ("docker.io/acme", "nginx", "acme/nginx"),
            ("reg.example", "nginx", "nginx"),
        ] {
            let server: ServerName = server.parse().unwrap();
            assert_eq!(server.repository(&name.parse().unwrap()).unwrap().as_str(), expected);
        }
    }

    /// Found by the property test and the fuzz target: an address would be of another host than the text says, or of none.
    #[test]
    fn a_server_that_an_address_would_read_as_another_host_is_refused() {
        for text in ["1.2", "0x7f.1", "127.1:5000", "0177.0.0.1", "_1.2.0", "1.2.3.999", "2130706433", "x:+201"] {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
        for text in ["127.0.0.1:5000", "10.0.0.1", "1.2.example", "my_host:80", "xn--bcher-kva.example"] {
            assert_eq!(text.parse::<ServerName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_reference_that_is_almost_right_says_what_was_meant() {
        let meant = |text: &str| text.parse::<PackReference>().unwrap_err().meant;
        assert_eq!(meant("nginx::").as_deref(), Some("nginx"));
        assert_eq!(meant("nginx:").as_deref(), Some("nginx"));
        assert_eq!(meant("Nginx:1.0").as_deref(), Some("nginx:1.0"));
        assert_eq!(meant("nginx:1 0"), None);
        assert_eq!(meant("nginx@latest"), None);
    }

    #[test]
    fn a_version_with_a_plus_may_be_typed() {
        let reference: PackReference = "a/b:1.0.0+x".parse().unwrap();
        assert_eq!(reference.to_string(), "a/b:1.0.0_x");
        assert_eq!(reference.selector().unwrap().to_string(), "1.0.0_x");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            if let Ok(reference) = text.parse::<PackReference>() {
                prop_assert_eq!(reference.to_string().parse::<PackReference>().unwrap(), reference);
            }
            if let Ok(server) = text.parse::<ServerName>() {
                prop_assert!(!server.host().contains(['/', '@', ' ']));
            }
        }
    }
}
