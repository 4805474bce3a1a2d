//! Restores a pack from a store to a folder, all of it or nothing.
//!
//! The layers stream through verifying readers into a hidden folder beside the target. When every byte was proven, one rename
//! makes it the target. Until then, and after any error or interruption, nothing is to be seen there.

mod leftover;
mod settle;
mod stage;
mod sync;
mod target;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};

use self::{
    stage::{Job, Stage},
    target::{Now, Target, name_of, read_metadata},
    write::Totals,
};
use super::{Entry, Form, PackArtifact, feed::feed, packed::Root, part::Part};
use crate::{
    pack::PackPath,
    store::{BlobOutcome, Error, ErrorKind, Event, Observer, Result, Source},
    tarball::read::Limits,
};

/// How a pack is restored.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    /// Whether a folder that holds another version of the same pack may be replaced.
    pub replace: bool,
    /// Folders that are never replaced, nor any above them: home and the working folder.
    pub protected: Vec<PathBuf>,
    /// What the pack may come to, in all its layers together.
    pub limits: Limits,
    /// How many layers are fetched at once.
    pub jobs: usize,
}

/// A pack that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// How many files it has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// Whether another version was replaced.
    pub replaced: bool,
}

/// Restores a pack to the folder `target`.
///
/// Needs a runtime whose pool of blocking threads is larger than `jobs`: a layer being written holds one of them.
///
/// # Errors
///
/// The store's; [`ErrorKind::Conflict`] where the target must not be replaced; [`ErrorKind::Integrity`] and [`ErrorKind::Unsafe`]
/// where the pack must be refused; [`ErrorKind::FileSystem`]. In every case the target is as it was.
pub async fn unpack(
    source: &dyn Source,
    artifact: &PackArtifact,
    target: &Path,
    options: &UnpackOptions,
    observer: &dyn Observer,
) -> Result<Unpacked> {
    let metadata = match artifact.form() {
        Form::Layered => Some(artifact.metadata(source).await?),
        Form::Archive => None,
    };
    let name = metadata.as_deref().map(name_of).transpose()?;
    let (wanted, replace, protected) = (target.to_path_buf(), options.replace, options.protected.clone());
    let known = name.clone();
    // Declared before anything that writes into it, so dropped after it.
    let stage = Stage::default();
    let prepared = stage.run(move |job| {
        let target = Target::examine(&wanted, replace, &protected)?;
        if let Some(name) = known {
            target.holds_only(&name)?;
        }
        prepare(job, target)
    });
    let target = prepared.await?;
    let totals = Arc::new(Totals::new(options.limits));
    let unpacking = Unpacking { source, artifact, stage: &stage, totals: Arc::clone(&totals), observer };
    unpacking.run(metadata, options.jobs).await?;
    let replaced = stage.run(move |job| {
        let name = match name {
            Some(name) => name,
            None => name_of_stage(job)?,
        };
        target.holds_only(&name)?;
        settle::settle(job, &target, &name)
    });
    let replaced = replaced.await?;
    Ok(Unpacked { files: totals.files(), bytes: totals.bytes(), replaced })
}

/// Creates the stage beside the target, or within it where it must stay or there is no right to write beside it.
fn prepare(job: &Job, mut target: Target) -> Result<Target> {
    if target.now == Now::Fixed {
        job.create(&target.path)?;
        return Ok(target);
    }
    match job.create(target.parent()) {
        Err(error) if target.now == Now::Empty => {
            target.now = Now::Fixed;
            job.create(&target.path).map_err(|_| error)?;
        }
        outcome => outcome?,
    }
    Ok(target)
}

fn name_of_stage(job: &Job) -> Result<String> {
    let bytes = read_metadata(&job.stage().join("pack.json"));
    name_of(&bytes.map_err(|error| {
        Error::new(ErrorKind::Integrity, "the archive holds no pack.json that can be read").because(error)
    })?)
}

/// One pack on its way to disk.
struct Unpacking<'a> {
    source: &'a dyn Source,
    artifact: &'a PackArtifact,
    stage: &'a Stage,
    totals: Arc<Totals>,
    observer: &'a dyn Observer,
}

impl Unpacking<'_> {
    async fn run(&self, metadata: Option<Bytes>, jobs: usize) -> Result<()> {
        self.make_folders().await?;
        if let Some(metadata) = metadata {
            self.write_metadata(metadata).await?;
        }
        let mut running = FuturesUnordered::new();
        for (index, entry) in self.artifact.entries().iter().enumerate() {
            if entry.part == Part::Metadata {
                continue;
            }
            if running.len() >= jobs.max(1)
                && let Some(outcome) = running.next().await
            {
                let outcome: Result<()> = outcome;
                outcome?;
            }
            running.push(self.layer(index, entry));
        }
        while let Some(outcome) = running.next().await {
            outcome?;
        }
        Ok(())
    }

    /// Creates the folders that the layers' titles lie in, before many threads need them.
    async fn make_folders(&self) -> Result<()> {
        if self.artifact.form() == Form::Archive {
            return Ok(());
        }
        let folders = self.artifact.entries().iter().filter_map(|entry| match entry.title.as_str() {
            // The folder of an empty tar is there all the same.
            title if entry.part.is_folder() => Some(title.to_owned()),
            title => title.rsplit_once('/').map(|(folder, _)| folder.to_owned()),
        });
        let folders: Vec<_> = folders.collect();
        self.stage.run(move |job| folders.iter().try_for_each(|folder| write::make_folder(job, folder))).await
    }

    /// Writes pack.json from the config, whose bytes are the same; an artifact without a layer for it gets it, too.
    async fn write_metadata(&self, metadata: Bytes) -> Result<()> {
        let entry = self.artifact.entries().iter().position(|entry| entry.part == Part::Metadata);
        let descriptor = entry.map_or(self.artifact.manifest().blobs()[0], |index| self.artifact.descriptor(index));
        let executable = entry.is_some_and(|index| self.artifact.entries()[index].executable);
        let path: PackPath = "pack.json".parse().expect("a plain name is a path");
        let totals = Arc::clone(&self.totals);
        self.observer.event(Event::BlobStarted(descriptor));
        self.observer.event(Event::BlobBytes(descriptor, metadata.len() as u64));
        self.stage.run(move |job| write::bytes(job, &path, executable, &metadata, &totals)).await?;
        self.observer.event(Event::BlobDone(descriptor, BlobOutcome::Uploaded));
        Ok(())
    }

    async fn layer(&self, index: usize, entry: &Entry) -> Result<()> {
        let descriptor = self.artifact.descriptor(index);
        self.observer.event(Event::BlobStarted(descriptor));
        let blob = self.source.blob(descriptor).await?;
        let (pump, feed) = feed();
        let (entry, form, totals) = (entry.clone(), self.artifact.form(), Arc::clone(&self.totals));
        let writing = self.stage.run(move |job| match (form, entry.part.is_folder()) {
            (Form::Archive, _) => write::folder(job, Root::Archive(None), entry.title.as_str(), feed, &totals),
            (_, true) => write::folder(job, Root::Folder(entry.title.clone()), entry.title.as_str(), feed, &totals),
            (_, false) => write::file(job, &entry.title, entry.executable, entry.size, feed, &totals),
        });
        let moving = pump.run(blob, |bytes| self.observer.event(Event::BlobBytes(descriptor, bytes)));
        let (written, ()) = futures::future::join(writing, moving).await;
        written.map_err(|error| named(error, descriptor.title()))?;
        self.observer.event(Event::BlobDone(descriptor, BlobOutcome::Uploaded));
        Ok(())
    }
}

/// Says which layer an error is about, where it only names a digest.
fn named(error: Error, title: Option<&str>) -> Error {
    match title {
        Some(title) if error.kind() == ErrorKind::Integrity => {
            error.while_doing(format!("layer `{title}` is not what its manifest promises"))
        }
        _ => error,
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
