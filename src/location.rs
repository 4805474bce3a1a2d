//! From what somebody types to a store: servers, references and folders.
//!
//! Nothing is guessed that could send a pack to a stranger: the first part of a full reference must look like a host, and
//! there is no default registry unless one was named.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use crate::{
    registry::{Intent, InvalidReference, PackReference, Server, ServerName},
    store::{Observer, RepositoryName, Result, Target, archive_file::ArchiveFile, layout::LayoutStore},
};

const LAYOUT: &str = "oci-layout:";
const ARCHIVE: &str = "oci-archive:";

/// The path below which Palette's registry sync looks for packs in the archive form.
pub const ARCHIVES: &str = "spectro-packs/archive";

/// Where packs are kept: a registry, or a folder of OCI image layouts (`oci-layout:DIR`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerLocation {
    /// A registry and a path below it.
    Registry(ServerName),
    /// A folder, which holds a folder for each repository.
    Layout(PathBuf),
    /// A file that holds an OCI image layout as a tar.
    Archive(PathBuf),
}

impl ServerLocation {
    /// Returns `host[:port]`, where it is a registry.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Registry(name) => Some(name.host()),
            Self::Layout(_) | Self::Archive(_) => None,
        }
    }

    /// Returns the word that names a pack here, such as `NAME:TAG`, as it can be typed.
    pub fn place(&self, reference: impl fmt::Display) -> String {
        match self {
            Self::Registry(_) | Self::Layout(_) => format!("{self}/{reference}"),
            Self::Archive(_) => format!("{self}:{reference}"),
        }
    }

    /// Returns the name under which a pack in the archive form lies here: `spectro-packs/archive/NAME`, unless the
    /// server's own path ends so already.
    ///
    /// # Errors
    ///
    /// Fails where the name is too long for a repository then.
    pub fn archive_name(&self, name: &RepositoryName) -> Result<RepositoryName, InvalidReference> {
        let is_there = match self {
            Self::Registry(server) => {
                server.base().is_some_and(|base| format!("/{base}").ends_with(&format!("/{ARCHIVES}")))
            }
            Self::Layout(folder) => folder.ends_with(ARCHIVES),
            // A file keeps names alone, in whatever form.
            Self::Archive(_) => true,
        };
        if is_there || is_archive_name(name) {
            return Ok(name.clone());
        }
        let whole = format!("{ARCHIVES}/{name}");
        whole.parse().map_err(|_| InvalidReference::new(&whole, "is longer than the 255 bytes of a repository name"))
    }
}

/// Returns whether a repository's name says that the pack in it has the archive form.
pub fn is_archive_name(name: &RepositoryName) -> bool {
    format!("/{name}").contains(&format!("/{ARCHIVES}/"))
}

impl FromStr for ServerLocation {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        if let Some(file) = text.strip_prefix(ARCHIVE) {
            let problem = "names no file: write `oci-archive:FILE`, a path without a colon";
            let is_path = !file.is_empty() && !file.contains(':');
            return if is_path { Ok(Self::Archive(file.into())) } else { Err(InvalidReference::new(text, problem)) };
        }
        match text.strip_prefix(LAYOUT) {
            Some("") => Err(InvalidReference::new(text, "names no folder: write `oci-layout:DIR`")),
            Some(folder) => Ok(Self::Layout(PathBuf::from(folder))),
            None if looks_like_a_folder(text) => {
                let problem = format!("is a folder: as a store it is written `{LAYOUT}{text}`");
                Err(InvalidReference::new(text, problem))
            }
            None => text.parse().map(Self::Registry),
        }
    }
}

impl fmt::Display for ServerLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(server) => server.fmt(formatter),
            Self::Layout(folder) => write!(formatter, "{LAYOUT}{}", folder.display()),
            Self::Archive(file) => write!(formatter, "{ARCHIVE}{}", file.display()),
        }
    }
}

/// A store that was opened. Cheap to clone.
#[derive(Clone)]
pub enum Store {
    /// A registry, and the path below it.
    Registry(Server, ServerName),
    /// A folder.
    Layout(LayoutStore),
    /// A file, which is only read.
    Archive(ArchiveFile),
}

impl Store {
    /// Returns the store in a folder.
    pub fn layout(folder: &Path, observer: Arc<dyn Observer>) -> Self {
        Self::Layout(LayoutStore::new(folder, observer))
    }

    /// Returns the repository of the pack of this name.
    ///
    /// # Errors
    ///
    /// Fails where the registry's base path and the name are too long together.
    pub fn repository(&self, name: &RepositoryName, intent: Intent) -> Result<Box<dyn Target>, InvalidReference> {
        Ok(match self {
            Self::Registry(server, base) => Box::new(server.repository(base.repository(name)?, intent)),
            Self::Layout(store) => Box::new(store.repository(name.clone())),
            Self::Archive(file) => Box::new(file.repository(Some(name.clone()))),
        })
    }

    /// Returns the names of all repositories here, sorted; below a registry's base path, those below it, without it.
    ///
    /// # Errors
    ///
    /// As [`Server::repositories`] and [`LayoutStore::repositories`].
    pub async fn repositories(&self) -> Result<Vec<RepositoryName>> {
        let (server, base) = match self {
            Self::Layout(store) => return store.repositories().await,
            Self::Archive(file) => return Ok(file.repositories()),
            Self::Registry(server, name) => (server, name.base()),
        };
        let mut names = server.repositories(base).await?;
        if let Some(base) = base {
            let start = format!("{base}/");
            let below = |name: RepositoryName| name.as_str().strip_prefix(&start).and_then(|rest| rest.parse().ok());
            names = names.into_iter().filter_map(below).collect();
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// A pack that somebody named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Directory(PathBuf),
    /// One in a store.
    Stored {
        /// The store.
        server: ServerLocation,
        /// The pack in it.
        reference: PackReference,
    },
    /// The only one in an archive file.
    Archive(PathBuf),
}

/// Why a word names no pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlace {
    /// It is written wrongly.
    #[error(transparent)]
    Reference(#[from] InvalidReference),
    /// It is a name, and there is no server to look for it.
    #[error("`{0}` is a pack's name, and no server was named")]
    NoServer(String),
}

/// Returns what a word means, by the rules of the command line.
///
/// With `server` it is a `NAME[:TAG][@DIGEST]`. Without, it is a folder where it looks like one (`./x`, `../x`, `/x`) or
/// `is_pack` says so; a full reference where it has a `/`; else a name on the `default` server.
///
/// # Errors
///
/// Fails where the word is none of these.
pub fn parse_place(
    word: &str,
    server: Option<&ServerLocation>,
    default: Option<&ServerLocation>,
    is_pack: impl FnOnce(&Path) -> bool,
) -> Result<Place, InvalidPlace> {
    if let Some(server) = server {
        return Ok(Place::Stored { server: server.clone(), reference: word.parse()? });
    }
    if looks_like_a_folder(word) || is_pack(Path::new(word)) {
        return Ok(Place::Directory(PathBuf::from(word)));
    }
    if let Some(rest) = word.strip_prefix(LAYOUT) {
        let whole = rest.rsplit_once('/').filter(|(folder, name)| !folder.is_empty() && !name.is_empty());
        let (folder, reference) = whole.ok_or_else(|| {
            InvalidReference::new(
                word,
                "names no pack: write `oci-layout:DIR/NAME[:TAG]`, or NAME and -r oci-layout:DIR",
            )
        })?;
        return Ok(Place::Stored { server: ServerLocation::Layout(folder.into()), reference: reference.parse()? });
    }
    if let Some(rest) = word.strip_prefix(ARCHIVE) {
        return match rest.split_once(':') {
            None if !rest.is_empty() => Ok(Place::Archive(rest.into())),
            Some((file, reference)) if !file.is_empty() => {
                Ok(Place::Stored { server: ServerLocation::Archive(file.into()), reference: reference.parse()? })
            }
            _ => Err(InvalidReference::new(word, "names no file: write `oci-archive:FILE[:NAME:TAG]`").into()),
        };
    }
    let bare = word.strip_prefix("https://").unwrap_or(word);
    if let Some((host, reference)) = bare.split_once('/') {
        if !(host.contains(['.', ':']) || host == "localhost") {
            let mut error = InvalidReference::new(word, format!("begins with `{host}`, which is no host"));
            error.meant = Some(format!("docker.io/{bare}"));
            return Err(error.into());
        }
        if reference.is_empty() {
            return Err(InvalidReference::new(word, "names a server, and no pack on it").into());
        }
        return Ok(Place::Stored { server: ServerLocation::Registry(host.parse()?), reference: reference.parse()? });
    }
    let reference = word.parse()?;
    match default {
        Some(server) => Ok(Place::Stored { server: server.clone(), reference }),
        None => Err(InvalidPlace::NoServer(word.to_owned())),
    }
}

fn looks_like_a_folder(word: &str) -> bool {
    matches!(word, "." | "..") || ["./", "../", "/"].iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(word: &str) -> Result<Place, InvalidPlace> {
        parse_place(word, None, None, |path| path == Path::new("veeam"))
    }

    fn stored(server: &str, reference: &str) -> Place {
        Place::Stored { server: server.parse().unwrap(), reference: reference.parse().unwrap() }
    }

    #[test]
    fn words_mean_what_the_documentation_says() {
        for folder in [".", "./x", "../x", "/x", "veeam"] {
            assert_eq!(place(folder).unwrap(), Place::Directory(folder.into()), "{folder}");
        }
        for (word, server, reference) in [
            ("ghcr.io/acme/nginx:1.0", "ghcr.io", "acme/nginx:1.0"),
            ("localhost/nginx", "localhost", "nginx"),
            ("zot:5000/nginx", "zot:5000", "nginx"),
            ("https://ghcr.io/nginx", "ghcr.io", "nginx"),
            ("oci-layout:./packs/nginx:1.0", "oci-layout:./packs", "nginx:1.0"),
            ("oci-layout:/p/nginx", "oci-layout:/p", "nginx"),
            ("oci-archive:packs/a.tar:nginx:1.0", "oci-archive:packs/a.tar", "nginx:1.0"),
        ] {
            assert_eq!(place(word).unwrap(), stored(server, reference), "{word}");
        }
        let server = "ghcr.io/acme".parse().unwrap();
        let named = parse_place("veeam", Some(&server), None, |_| true).unwrap();
        assert_eq!(named, stored("ghcr.io/acme", "veeam"), "with a server it is a name");
        let named = parse_place("nginx:1", None, Some(&server), |_| false).unwrap();
        assert_eq!(named, stored("ghcr.io/acme", "nginx:1"));
    }

    #[test]
    fn what_is_shown_of_a_place_can_be_typed() {
        for word in ["ghcr.io/acme/nginx:1.0", "oci-layout:./packs/nginx:1.0", "oci-archive:a.tar:nginx:1.0"] {
            let Ok(Place::Stored { server, reference }) = place(word) else { panic!("{word}") };
            assert_eq!(server.place(&reference), word);
        }
    }

    #[test]
    fn archives_have_a_place_of_their_own() {
        for (server, name, expected) in [
            ("ghcr.io/acme", "nginx", "spectro-packs/archive/nginx"),
            ("ghcr.io/acme/spectro-packs/archive", "nginx", "nginx"),
            ("ghcr.io/spectro-packs/archive", "nginx", "nginx"),
            ("ghcr.io/acme/no-spectro-packs/archive", "nginx", "spectro-packs/archive/nginx"),
            ("oci-layout:./packs", "nginx", "spectro-packs/archive/nginx"),
            ("oci-layout:./packs/spectro-packs/archive/", "nginx", "nginx"),
            ("oci-archive:a.tar", "nginx", "nginx"),
            ("ghcr.io", "acme/spectro-packs/archive/nginx", "acme/spectro-packs/archive/nginx"),
        ] {
            let server: ServerLocation = server.parse().unwrap();
            assert_eq!(server.archive_name(&name.parse().unwrap()).unwrap().as_str(), expected, "{server} {name}");
        }
        let long = "a".repeat(240).parse().unwrap();
        assert!("ghcr.io".parse::<ServerLocation>().unwrap().archive_name(&long).is_err());
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(place("nginx"), Err(InvalidPlace::NoServer("nginx".into())));
        let Err(InvalidPlace::Reference(error)) = place("acme/nginx:1") else { panic!("`acme` is no host") };
        assert_eq!(error.meant.as_deref(), Some("docker.io/acme/nginx:1"));
        assert!(place("oci-layout:nginx").is_err());
        assert_eq!(place("oci-archive:a.tar").unwrap(), Place::Archive("a.tar".into()));
        for word in ["oci-archive:", "oci-archive::nginx:1"] {
            assert!(place(word).is_err(), "{word}");
        }
        for word in ["zot:5000/", "oci-layout:packs/", "oci-layout:/"] {
            let error = place(word).unwrap_err().to_string();
            assert!(error.contains("no pack"), "{word}: {error}");
        }
        for folder in [".", "./packs", "../packs", "/packs"] {
            let error = folder.parse::<ServerLocation>().unwrap_err().to_string();
            assert_eq!(error, format!("`{folder}` is a folder: as a store it is written `oci-layout:{folder}`"));
        }
        assert!("oci-archive:a.tar:nginx".parse::<ServerLocation>().is_err());
        assert!("oci-layout:".parse::<ServerLocation>().is_err());
    }
}
