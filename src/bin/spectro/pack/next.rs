//! The commands that hints name: whole and quoted for a shell, so that they work when they are copied.

use std::fmt::Display;

use spectro_pack::{location::ServerLocation, store::RepositoryName};

use crate::failure::{Exit, Failure};

/// Returns the command that lists the packs of a server.
pub(super) fn list_packs(location: &ServerLocation) -> String {
    format!("spectro pack ls -r {}", word(location))
}

/// Returns the command that lists the versions of a pack.
pub(super) fn list_versions(name: &RepositoryName, location: &ServerLocation) -> String {
    format!("spectro pack ls {name} -r {}", word(location))
}

/// Adds what may be meant to a failure to reach a server whose name could be a folder's, or an account's at Docker Hub.
pub(super) fn or_no_host(failure: Failure, location: &ServerLocation) -> Failure {
    let Some(host) = location.host() else { return failure };
    let is_bare = !host.contains(['.', ':']) && host != "localhost";
    if failure.exit != Exit::Unavailable || failure.has_hint() || !is_bare {
        return failure;
    }
    failure.hint(format!(
        "is `{host}` a host? A folder is written oci-layout:{location}, an account at Docker Hub docker.io/{location}"
    ))
}

/// Returns a text as one word of a shell.
pub(super) fn word(text: impl Display) -> String {
    let text = text.to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "-_./:@+=,%…".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_break_it() {
        for (text, expected) in [
            ("packs/nginx-1.0", "packs/nginx-1.0"),
            ("ghcr.io/acme:1@sha256:ab", "ghcr.io/acme:1@sha256:ab"),
            ("my packs", "'my packs'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
    }

    #[test]
    fn a_bare_word_that_can_not_be_reached_may_be_no_host() {
        let hint = |server: &str, exit| {
            or_no_host(Failure::new(exit, "x"), &server.parse().unwrap()).to_json()["hint"].as_str().map(str::to_owned)
        };
        let expected = "is `acme` a host? A folder is written oci-layout:acme/packs, an account at Docker Hub docker.io/acme/packs";
        assert_eq!(hint("acme/packs", Exit::Unavailable).as_deref(), Some(expected));
        assert_eq!(hint("acme/packs", Exit::Denied), None);
        for server in ["acme.example/packs", "acme:5000", "localhost", "oci-layout:acme"] {
            assert_eq!(hint(server, Exit::Unavailable), None, "{server}");
        }
    }

    #[test]
    fn a_list_is_asked_of_the_server_that_was_meant() {
        let folder = "oci-layout:./my packs".parse().unwrap();
        assert_eq!(list_packs(&folder), "spectro pack ls -r 'oci-layout:./my packs'");
        let registry = "ghcr.io/acme".parse().unwrap();
        assert_eq!(list_versions(&"nginx".parse().unwrap(), &registry), "spectro pack ls nginx -r ghcr.io/acme");
    }
}
