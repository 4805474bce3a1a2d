//! Which repositories a folder holds: every folder in it that is an OCI image layout.

use std::{fs, io, path::Path};

use super::{LayoutStore, blocking, place::check_store};
use crate::store::{Error, ErrorKind, RepositoryName, Result};

/// How deep a repository's name may lead: 255 bytes of name have 128 parts at most.
const DEEPEST: usize = 128;
/// How many folders are looked at.
const MOST_FOLDERS: usize = 200_000;

impl LayoutStore {
    /// Returns the names of all repositories, sorted. Links are not followed, and what is no repository is passed over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where the folder is not there, [`ErrorKind::Invalid`] where it is a repository itself,
    /// [`ErrorKind::FileSystem`] where it can't be read.
    pub async fn repositories(&self) -> Result<Vec<RepositoryName>> {
        let directory = self.directory.clone();
        blocking(move || {
            check_store(&directory)?;
            let mut found = Found::default();
            found.look_into(&directory, "", 0)?;
            found.names.sort();
            Ok(found.names)
        })
        .await
    }
}

#[derive(Default)]
struct Found {
    names: Vec<RepositoryName>,
    looked_at: usize,
}

impl Found {
    fn look_into(&mut self, folder: &Path, name: &str, depth: usize) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && depth == 0 => {
                let message = format!("there is no folder `{}`", folder.display());
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            // It went while it was looked at.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::file_system("read", folder, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::file_system("read", folder, error))?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let Some(part) = entry.file_name().to_str().map(str::to_owned).filter(|_| is_folder) else { continue };
            let whole = if name.is_empty() { part } else { format!("{name}/{part}") };
            // `.spectro`, `.uploads` and `_trivy` are no names of repositories; blobs are never below one.
            let Ok(parsed) = whole.parse::<RepositoryName>() else { continue };
            self.looked_at += 1;
            if self.looked_at > MOST_FOLDERS || depth == DEEPEST {
                let message = format!("`{}` holds more folders than a store of packs", folder.display());
                return Err(Error::new(ErrorKind::Unsafe, message));
            }
            let path = entry.path();
            if path.join("oci-layout").is_file() && path.join("index.json").is_file() {
                self.names.push(parsed);
            }
            if whole.ends_with("/blobs") || whole == "blobs" {
                continue;
            }
            self.look_into(&path, &whole, depth + 1)?;
        }
        Ok(())
    }
}
