//! One of the two packs: found, opened and, where it is a folder, encoded.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use spectro_pack::{
    artifact::{Artifact, Form, PackArtifact},
    compare::Side,
    location::{Place, ServerLocation, Store},
    pack::{Code, Pack, ReadOptions},
    registry::Intent,
    store::{Error, Source},
};

use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
    format,
    pack::{
        next,
        read::Workers,
        stored::{Stored, failure, only_one},
    },
};

/// Opens packs, and each store once.
pub(super) struct Opener<'a> {
    pub(super) server: &'a ServerArgs,
    pub(super) context: &'a Context,
    pub(super) workers: Workers,
    pub(super) scratch: PathBuf,
    pub(super) stores: Vec<(ServerLocation, Store)>,
}

/// A pack whose manifest is known, unless it is a folder.
pub(super) enum Begun {
    Directory(PathBuf, Box<Pack>),
    Stored(Box<Opened>),
}

impl Begun {
    /// Returns the form of a pack in a store.
    pub(super) fn form(&self) -> Option<Form> {
        match self {
            Self::Directory(..) => None,
            Self::Stored(opened) => Some(opened.pack.form()),
        }
    }
}

/// A pack that can be compared.
pub(super) struct Opened {
    pub(super) pack: PackArtifact,
    pub(super) origin: Origin,
}

/// Where a pack's blobs come from.
pub(super) enum Origin {
    Directory(PathBuf, Box<Artifact>),
    Stored(ServerLocation, Stored),
}

impl Opener<'_> {
    /// Reads a folder, or finds a pack and fetches its manifest.
    pub(super) async fn begin(&mut self, place: Place, form: Form) -> Result<Begun, Failure> {
        let (location, reference) = match place {
            Place::Directory(directory) => return self.read(directory).await,
            Place::Stored { server, reference } => (server, reference),
            Place::Archive(file) => only_one(file)?,
        };
        let store = self.store(&location)?;
        let stored = Stored::find_in(Intent::Pull, &store, &location, reference, form).await?;
        if let Some(versions) = stored.newest_of {
            let versions = format::count(versions, "version");
            self.context.output.say(&format!("newest of {versions}: {}", stored.reference));
        }
        let opened = PackArtifact::open(&*stored.repository, &stored.selector).await;
        let pack = opened.map_err(|error| failure("cannot read", &stored.reference, &location, &error))?;
        Ok(Begun::Stored(Box::new(Opened { pack, origin: Origin::Stored(location, stored) })))
    }

    async fn read(&self, directory: PathBuf) -> Result<Begun, Failure> {
        let shown = directory.display().to_string();
        // A fault that somebody accepted when it was pushed is no reason not to compare it.
        let mut options = ReadOptions::default();
        options.allowed = Code::all().iter().copied().filter(|code| code.why_not_allowed().is_none()).collect();
        let reading = self.workers.read(directory.clone(), Arc::new(options)).await?;
        if !directory.join("pack.json").is_file() {
            return Err(Failure::new(Exit::NotFound, format!("`{shown}` is no pack: it holds no pack.json")));
        }
        let Some(pack) = reading.pack else {
            let errors = format::count(reading.report.errors(), "error");
            return Err(Failure::new(Exit::NotFound, format!("`{shown}` is not a valid pack: {errors}"))
                .hint(format!("spectro pack validate {}", next::word(&shown))));
        };
        Ok(Begun::Directory(directory, Box::new(pack)))
    }

    fn store(&mut self, location: &ServerLocation) -> Result<Store, Failure> {
        if let Some((_, store)) = self.stores.iter().find(|(known, _)| known == location) {
            return Ok(store.clone());
        }
        let store = self.server.open(self.context, location)?;
        self.stores.push((location.clone(), store.clone()));
        Ok(store)
    }

    /// Encodes a folder in this form.
    pub(super) async fn finish(&self, begun: Begun, form: Form) -> Result<Opened, Failure> {
        let (directory, pack) = match begun {
            Begun::Stored(opened) => return Ok(*opened),
            Begun::Directory(directory, pack) => (directory, pack),
        };
        let failed = |error: &Error| Failure::of_store(format!("cannot encode `{}`", directory.display()), error);
        let options = self.context.encoding(self.scratch.clone());
        let artifact = self.workers.run(move || Artifact::encode(&pack, form, &options)).await?;
        let artifact = artifact.map_err(|error| failed(&error))?;
        let pack = PackArtifact::of(artifact.manifest().clone()).map_err(|error| failed(&error))?;
        Ok(Opened { pack, origin: Origin::Directory(directory, Box::new(artifact)) })
    }
}

impl Opened {
    /// Returns it as it is compared.
    pub(super) fn side(&self) -> Side<'_> {
        let (source, near): (&dyn Source, bool) = match &self.origin {
            Origin::Directory(_, artifact) => (&**artifact, true),
            Origin::Stored(location, stored) => (&*stored.repository, !matches!(location, ServerLocation::Registry(_))),
        };
        Side { source, pack: &self.pack, near }
    }

    /// Returns the failure to read it.
    pub(super) fn failure(&self, error: &Error) -> Failure {
        match &self.origin {
            Origin::Directory(directory, _) => {
                Failure::of_store(format!("cannot read `{}`", directory.display()), error)
            }
            Origin::Stored(location, stored) => failure("cannot read", &stored.reference, location, error),
        }
    }

    /// Returns the folder, where it is one.
    pub(super) fn directory(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Directory(directory, _) => Some(directory),
            Origin::Stored(..) => None,
        }
    }

    /// Returns the whole reference of a pack in a store, with its tag where it has one.
    pub(super) fn reference(&self) -> Option<String> {
        match &self.origin {
            Origin::Directory(..) => None,
            Origin::Stored(location, stored) => {
                let tag = stored.tag().map_or_else(String::new, |tag| format!(":{tag}"));
                Some(location.place(format!("{}{tag}", stored.reference.name)))
            }
        }
    }

    /// Returns how many versions there are of which it is the newest, where none was named.
    pub(super) fn newest_of(&self) -> Option<usize> {
        match &self.origin {
            Origin::Directory(..) => None,
            Origin::Stored(_, stored) => stored.newest_of,
        }
    }

    /// Returns the word for its form.
    pub(super) fn form(&self) -> &'static str {
        match self.pack.form() {
            Form::Layered => "layered",
            Form::Archive => "archive",
        }
    }

    /// Returns what it is called.
    pub(super) fn name(&self) -> String {
        match self.directory() {
            Some(directory) => directory.display().to_string(),
            None => self.reference().unwrap_or_default(),
        }
    }
}
