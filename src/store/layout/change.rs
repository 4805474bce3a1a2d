//! How `index.json` is read and changed, beside programs that lock it and programs that don't.
//!
//! Ours take turns by `index.lock`. oras and skopeo know nothing of it and rewrite the file in place: a text that does not parse may be half of
//! theirs and is read again; before ours takes its name, the file is compared with what was read, and afterwards it is read back.
//! That narrows the window in which a write of theirs and one of ours cross; only their own lock could close it.

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::PathBuf, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    blocking,
    index::Index,
    lock::Lock,
    place::{Place, open_file, read_file},
    temporary::{Temporary, sync_folder},
};
use crate::store::{Error, ErrorKind, Json, Result};

/// The largest `index.json`, in bytes.
const MAX_INDEX: u64 = 64 * 1024 * 1024;
/// The largest `oci-layout` file, in bytes.
const MAX_MARKER: u64 = 64 * 1024;
/// How long an index that does not parse is read again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a change is tried beside a program that changes the index, too.
const TRIES: usize = 5;

/// What tells one state of the file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// What becomes of an index.
pub(super) enum Edit<T> {
    /// It is right as it is.
    Keep(T),
    /// It is to be this.
    Write(Index, T),
}

/// Returns a repository's index, or nothing where there is no such repository.
pub(super) async fn read(place: &Place) -> Result<Option<Index>> {
    Ok(read_stamped(place).await?.map(|(index, _)| index))
}

/// Changes the index, whose lock the caller has, as `edit` wants it; returns it as `holds` found it on disk.
pub(super) async fn change<T: Send>(
    place: &Place,
    lock: &Lock,
    edit: impl Fn(&Index) -> Result<Edit<T>> + Send,
    holds: impl Fn(&Index) -> bool + Send,
) -> Result<(T, Index)> {
    let mut first = None;
    for _ in 0..TRIES {
        let (index, stamp) = match read_stamped(place).await? {
            Some((index, stamp)) => (index, Some(stamp)),
            None => (Index::empty(), None),
        };
        let changed = match edit(&index)? {
            Edit::Keep(outcome) => {
                let place = place.clone();
                blocking(move || settle(&place)).await?;
                return Ok((first.unwrap_or(outcome), index));
            }
            Edit::Write(changed, outcome) => {
                first.get_or_insert(outcome);
                changed
            }
        };
        let (to, lock) = (place.clone(), lock.clone());
        let written = blocking(move || {
            let written = write(&to, &changed.to_bytes(), stamp);
            drop(lock);
            written
        })
        .await?;
        if written
            && let Some(index) = read(place).await?
            && holds(&index)
            && let Some(outcome) = first.take()
        {
            return Ok((outcome, index));
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("another program keeps changing `{}`: gave up after {TRIES} tries", place.index().display()),
    ))
}

async fn read_stamped(place: &Place) -> Result<Option<(Index, Stamp)>> {
    let begin = Instant::now();
    loop {
        let from = place.clone();
        match blocking(move || read_once(&from)).await {
            Err(error) if error.kind() == ErrorKind::Integrity && begin.elapsed() < PATIENCE => {}
            result => return result,
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn read_once(place: &Place) -> Result<Option<(Index, Stamp)>> {
    if !place.exists()? {
        return Ok(None);
    }
    let path = place.index();
    let Some((file, metadata)) = open_file(&path)? else { return Ok(None) };
    check_marker(place)?;
    let bytes = read_file(&path, &file, &metadata, MAX_INDEX)?;
    let index = Index::parse(&bytes, &format!("`{}`", path.display()))?;
    Ok(Some((index, Stamp::of(&metadata))))
}

/// Refuses a layout of a version that is not known; one without a version is as others leave it behind.
fn check_marker(place: &Place) -> Result<bool> {
    let path = place.marker();
    let Some((file, metadata)) = open_file(&path)? else { return Ok(false) };
    let bytes = read_file(&path, &file, &metadata, MAX_MARKER)?;
    let wrong = || Error::new(ErrorKind::Integrity, format!("`{}` is not that of a layout 1.0.0", path.display()));
    let json = Json::parse(&bytes).map_err(|error| wrong().because(error))?;
    let version = json.as_object().and_then(|object| object.get("imageLayoutVersion")).and_then(Json::as_str);
    if version.is_some_and(|version| version.starts_with("1.")) { Ok(true) } else { Err(wrong()) }
}

/// Makes durable what another program may have left in memory.
fn settle(place: &Place) -> Result<()> {
    let path = place.index();
    if let Some((file, _)) = open_file(&path)? {
        file.sync_all().map_err(|error| Error::file_system("sync", &path, error))?;
    }
    sync_folder(&place.folder())
}

/// Writes the index, unless it is no longer what was read. It is on disk afterwards.
fn write(place: &Place, bytes: &[u8], read: Option<Stamp>) -> Result<bool> {
    if bytes.len() as u64 > MAX_INDEX {
        let message = format!("`{}` would be larger than {MAX_INDEX} bytes", place.index().display());
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    if !check_marker(place)? {
        finished(place, br#"{"imageLayoutVersion":"1.0.0"}"#, place.marker())?.publish()?;
        sync_folder(&place.folder())?;
    }
    let index = finished(place, bytes, place.index())?;
    if open_file(&place.index())?.map(|(_, metadata)| Stamp::of(&metadata)) != read {
        return Ok(false);
    }
    index.publish()?;
    sync_folder(&place.folder())?;
    Ok(true)
}

fn finished(place: &Place, bytes: &[u8], target: PathBuf) -> Result<Temporary> {
    let mut file = Temporary::create(&place.private(), target)?;
    file.write(bytes)?;
    file.sync()?;
    Ok(file)
}
