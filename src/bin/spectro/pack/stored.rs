//! A pack in a store, as a reading command names it: its place, and which version is meant.

use std::path::PathBuf;

use spectro_pack::{
    artifact::{Form, NotAPack},
    location::{InvalidPlace, Place, ServerLocation, Store, is_archive_name, parse_place},
    registry::{Intent, PackReference, Refusal},
    store::{
        Error, ErrorKind, Selector, Tag, Target,
        archive_file::{ArchiveEntry, ArchiveFile},
        newest,
    },
};

use super::{form::repository, next};
use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
    format,
};

/// Returns what a word on the command line means.
pub(super) fn place(word: &str, server: &ServerArgs, context: &Context) -> Result<Place, Failure> {
    let named = server.registry_server.as_ref();
    let default = if named.is_some() { None } else { context.default_server()? };
    let place = parse_place(word, named, default.as_ref(), |path| path.join("pack.json").is_file());
    place.map_err(|error| match error {
        InvalidPlace::NoServer(_) => context.no_server(error.to_string()),
        other => other.into(),
    })
}

/// Returns the pack in a store that a word names; a folder is none.
pub(super) fn in_store(
    word: &str,
    server: &ServerArgs,
    context: &Context,
) -> Result<(ServerLocation, PackReference), Failure> {
    match place(word, server, context)? {
        Place::Stored { server, reference } => Ok((server, reference)),
        Place::Archive(file) => only_one(file),
        Place::Directory(folder) => {
            let message = format!("`{}` is a folder, not a pack in a store", folder.display());
            let folder = next::word(folder.display());
            Err(Failure::new(Exit::Usage, message).hint(format!(
                "a pack of that name is found with -r SERVER; the folder is pushed with: spectro pack push {folder} -r SERVER"
            )))
        }
    }
}

/// Returns the one pack in an archive file.
pub(super) fn only_one(file: PathBuf) -> Result<(ServerLocation, PackReference), Failure> {
    let shown = file.display().to_string();
    let archive =
        ArchiveFile::open(&file).map_err(|error| Failure::of_store(format!("cannot read `{shown}`"), &error))?;
    let named = archive.named();
    let [entry] = named.as_slice() else {
        let words = named.iter().filter_map(|entry| Some((entry.name.as_ref()?, entry.tag.as_ref()?)));
        let words: Vec<_> = words.map(|(name, tag)| next::word(format!("oci-archive:{shown}:{name}:{tag}"))).collect();
        let message = format!("`{shown}` holds {}, not one", format::count(named.len(), "manifest"));
        let failure = Failure::new(Exit::Usage, message);
        return Err(match words.as_slice() {
            [] => failure,
            words => failure.hint(format!("name one: {}", words.join(", "))),
        });
    };
    let reference = of_entry(entry);
    Ok((ServerLocation::Archive(file), reference))
}

/// Returns how an entry of an archive file is found: skopeo keeps no name in it, and the digest finds it under any.
pub(super) fn of_entry(entry: &ArchiveEntry) -> PackReference {
    let is_named = entry.name.is_some() && entry.tag.is_some();
    let name = entry.name.clone().unwrap_or_else(|| "pack".parse().expect("a word is a name"));
    let digest = (!is_named).then(|| entry.descriptor.digest.clone());
    PackReference { name, tag: entry.tag.clone(), digest }
}

/// A pack in a store, found.
pub(super) struct Stored {
    pub(super) repository: Box<dyn Target>,
    pub(super) selector: Selector,
    /// The pack, with the version that is meant.
    pub(super) reference: PackReference,
    /// Of how many versions it is the newest, where none was named.
    pub(super) newest_of: Option<usize>,
}

impl Stored {
    /// Opens the repository and finds the version that is meant; a name on a server is looked for where packs of this form lie.
    pub(super) async fn find(
        server: &ServerArgs,
        location: &ServerLocation,
        reference: PackReference,
        form: Form,
        context: &Context,
    ) -> Result<Self, Failure> {
        Self::find_to(Intent::Pull, server, location, reference, form, context).await
    }

    /// As [`Stored::find`], for something else than reading.
    pub(super) async fn find_to(
        intent: Intent,
        server: &ServerArgs,
        location: &ServerLocation,
        reference: PackReference,
        form: Form,
        context: &Context,
    ) -> Result<Self, Failure> {
        Self::find_in(intent, &server.open(context, location)?, location, reference, form).await
    }

    /// Does the same in a store that was opened.
    pub(super) async fn find_in(
        intent: Intent,
        store: &Store,
        location: &ServerLocation,
        mut reference: PackReference,
        form: Form,
    ) -> Result<Self, Failure> {
        reference.name = repository(location, &reference.name, form)?;
        let repository = store.repository(&reference.name, intent)?;
        let mut newest_of = None;
        if reference.selector().is_none() {
            let failed = |error: &Error| failure("cannot look for versions of", &reference, location, error);
            let found = newest(&*repository).await.map_err(|error| failed(&error))?;
            let Some(found) = found else {
                let message = format!("`{}` in `{location}` has no version", reference.name);
                return Err(Failure::new(Exit::NotFound, message)
                    .hint(format!("name a tag or a digest: {}:TAG or {}@sha256:…", reference.name, reference.name)));
            };
            newest_of = Some(found.versions);
            reference.tag = Some(found.tag);
        }
        let selector = reference.selector().expect("a tag was just set where there was none");
        Ok(Self { repository, selector, reference, newest_of })
    }

    /// Returns the tag, where the pack is not meant by its digest alone.
    pub(super) fn tag(&self) -> Option<&Tag> {
        self.reference.tag.as_ref()
    }
}

/// Returns the failure to do something with a pack of a store; what is no pack is called by its name.
pub(super) fn failure(action: &str, reference: &PackReference, location: &ServerLocation, error: &Error) -> Failure {
    if let Some(other) = error.find::<NotAPack>() {
        let message = format!("`{reference}` in `{location}` is {}, not a pack", other.what);
        let failure = Failure::new(Exit::NotFound, message);
        return match location {
            ServerLocation::Registry(_) if other.is_helm_chart() => {
                let chart = next::word(format!("oci://{}", location.place(reference)));
                failure.hint(format!("spectro pack build {chart} DIR makes a pack from it"))
            }
            _ => failure,
        };
    }
    let failure = Failure::of_store(format!("{action} `{reference}` in `{location}`"), error);
    if error.kind() != ErrorKind::NotFound || failure.has_hint() {
        return failure;
    }
    let lists = if reference.selector().is_none() || has_no_repository(error) {
        next::list_packs(location)
    } else {
        next::list_versions(&reference.name, location)
    };
    let other_form = if is_archive_name(&reference.name) {
        "; --format layered looks for the other form"
    } else {
        "; --format archive looks for the other form"
    };
    failure.hint(format!("{lists} shows what is there{other_form}"))
}

/// Returns whether it is the whole repository that a registry does not know (code of OCI's distribution specification 1.1).
fn has_no_repository(error: &Error) -> bool {
    error.find::<Refusal>().is_some_and(|refusal| refusal.code.as_deref() == Some("NAME_UNKNOWN"))
}
