//! Which packs the words of a copy mean.

use std::path::PathBuf;

use spectro_pack::{
    artifact::Form,
    location::{Place, ServerLocation, Store},
    registry::{Intent, PackReference, Server},
    store::{ErrorKind, RepositoryName, Tag, Target, all_tags, archive_file::ArchiveEntry, by_version, newest_of},
};

use super::{Args, one::Item};
use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
    format,
    pack::{
        form::repository,
        next,
        stored::{failure, in_store, of_entry, place},
    },
};

/// The servers of a copy, each opened once, so that blobs can be mounted and connections are shared.
pub(super) struct Servers<'a> {
    arguments: &'a ServerArgs,
    context: &'a Context,
    registries: Vec<(String, Server)>,
}

impl<'a> Servers<'a> {
    pub(super) fn new(arguments: &'a ServerArgs, context: &'a Context) -> Self {
        Self { arguments, context, registries: Vec::new() }
    }

    /// Opens a store, or what was opened before on the same host.
    pub(super) fn open(&mut self, location: &ServerLocation) -> Result<Store, Failure> {
        let ServerLocation::Registry(name) = location else { return self.arguments.open(self.context, location) };
        if let Some((_, server)) = self.registries.iter().find(|(host, _)| host == name.host()) {
            return Ok(Store::Registry(server.clone(), name.clone()));
        }
        let store = self.arguments.open(self.context, location)?;
        if let Store::Registry(server, _) = &store {
            self.registries.push((name.host().to_owned(), server.clone()));
        }
        Ok(store)
    }

    /// Refuses credentials by flag or variable where they would go to several registries.
    pub(super) fn check_credentials(&self) -> Result<(), Failure> {
        if self.registries.len() < 2 || !self.arguments.login.given() {
            return Ok(());
        }
        let hosts: Vec<_> = self.registries.iter().map(|(host, _)| host.as_str()).collect();
        let message =
            format!("credentials by flag or variable are for one server, and there are {}", hosts.join(" and "));
        Err(Failure::new(Exit::Usage, message).hint("log in to each: spectro registry login SERVER"))
    }
}

/// Returns the packs that a word means: one version, or several by flag.
pub(super) async fn find(word: &str, args: &Args, servers: &mut Servers<'_>) -> Result<Vec<Item>, Failure> {
    let context = servers.context;
    if let Place::Archive(file) = place(word, &args.server, context)? {
        return in_archive(file, args, servers);
    }
    let (location, mut reference) = in_store(word, &args.server, context)?;
    let is_full = args.server.registry_server.is_none() && word.contains('/');
    if !is_full {
        let form = context.config()?.default_form()?.unwrap_or(Form::Layered);
        reference.name = repository(&location, &reference.name, form)?;
    }
    let store = servers.open(&location)?;
    let mount = match &store {
        Store::Registry(_, base) => Some(base.repository(&reference.name)?),
        _ => None,
    };
    let open = || -> Result<Box<dyn Target>, Failure> { Ok(store.repository(&reference.name, Intent::Pull)?) };
    let item = |reference: PackReference| -> Result<Item, Failure> {
        Ok(Item { source: open()?, location: location.clone(), reference, mount: mount.clone() })
    };
    let several = args.all_versions || args.versions.is_some();
    if reference.selector().is_some() && !several {
        return Ok(vec![item(reference.clone())?]);
    }
    if reference.tag.is_some() && several {
        let message = format!("`{reference}` names one version, and --all-versions and --versions mean several");
        return Err(Failure::new(Exit::Usage, message));
    }
    let repository = open()?;
    let tags = all_tags(&*repository).await.map_err(|error| {
        let failure = failure("cannot look for versions of", &reference, &location, &error);
        match error.kind() {
            ErrorKind::NotFound => failure.hint(format!("{} shows what is there", next::list_packs(&location))),
            _ => failure,
        }
    })?;
    let wanted = if several { chosen(tags, args, &reference, servers) } else { newest(&tags, &reference, servers) };
    if wanted.is_empty() {
        let range = args.versions.as_ref().map(|range| format!(" in `{range}`")).unwrap_or_default();
        let message = format!("`{}` in `{location}` has no version{range}", reference.name);
        return Err(Failure::new(Exit::NotFound, message).hint(ls_hint(&location, &reference.name)));
    }
    wanted.into_iter().map(|tag| item(PackReference { tag: Some(tag), digest: None, ..reference.clone() })).collect()
}

/// Returns the packs in an archive file: all of them, or the versions in a range.
fn in_archive(file: PathBuf, args: &Args, servers: &mut Servers<'_>) -> Result<Vec<Item>, Failure> {
    let location = ServerLocation::Archive(file);
    let store = servers.open(&location)?;
    let Store::Archive(archive) = &store else { unreachable!("an archive's location opens an archive") };
    let is_meant = |entry: &&ArchiveEntry| match (&args.versions, &entry.tag) {
        (Some(range), tag) => tag.as_ref().is_some_and(|tag| range.matches(tag)),
        (None, _) => true,
    };
    let references: Vec<_> = archive.named().into_iter().filter(is_meant).map(of_entry).collect();
    if references.is_empty() {
        let range = args.versions.as_ref().map(|range| format!(" in `{range}`")).unwrap_or_default();
        return Err(Failure::new(Exit::NotFound, format!("`{location}` has no version{range}"))
            .hint(format!("{} shows what is there", next::list_packs(&location))));
    }
    let item = |reference: PackReference| -> Result<Item, Failure> {
        let source = store.repository(&reference.name, Intent::Pull)?;
        Ok(Item { source, location: location.clone(), reference, mount: None })
    };
    references.into_iter().map(item).collect()
}

fn ls_hint(location: &ServerLocation, name: &RepositoryName) -> String {
    format!("{} shows its tags", next::list_versions(name, location))
}

fn chosen(tags: Vec<Tag>, args: &Args, reference: &PackReference, servers: &Servers<'_>) -> Vec<Tag> {
    let (mut versions, others) = by_version(tags);
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(ToString::to_string).collect();
        let count = format::count(others.len(), "other tag");
        servers.context.output.say(&format!("{count} of {} passed over: {}", reference.name, names.join(", ")));
    }
    if let Some(range) = &args.versions {
        versions.retain(|tag| range.matches(tag));
    }
    // The oldest first, so that the newest is the last to come.
    versions.reverse();
    versions
}

fn newest(tags: &[Tag], reference: &PackReference, servers: &Servers<'_>) -> Vec<Tag> {
    let Some(newest) = newest_of(tags) else { return Vec::new() };
    let count = format::count(newest.versions, "version");
    servers.context.output.say(&format!("newest of {count}: {}:{}", reference.name, newest.tag));
    vec![newest.tag]
}
