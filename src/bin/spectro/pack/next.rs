//! The commands that hints name: whole and quoted for a shell, so that they work when they are copied.

use std::fmt::Display;

use spectro_pack::{location::ServerLocation, store::RepositoryName};

/// Returns the command that lists the packs of a server.
pub(super) fn list_packs(location: &ServerLocation) -> String {
    format!("spectro pack ls -r {}", word(location))
}

/// Returns the command that lists the versions of a pack.
pub(super) fn list_versions(name: &RepositoryName, location: &ServerLocation) -> String {
    format!("spectro pack ls {name} -r {}", word(location))
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
    fn a_list_is_asked_of_the_server_that_was_meant() {
        let folder = "oci-layout:./my packs".parse().unwrap();
        assert_eq!(list_packs(&folder), "spectro pack ls -r 'oci-layout:./my packs'");
        let registry = "ghcr.io/acme".parse().unwrap();
        assert_eq!(list_versions(&"nginx".parse().unwrap(), &registry), "spectro pack ls nginx -r ghcr.io/acme");
    }
}
