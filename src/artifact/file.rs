//! Reads one file of a pack, fetching only the layer that holds it.

use std::{fmt, io::Read};

use bytes::{Bytes, BytesMut};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Form, PackArtifact,
    decode::MAX_METADATA,
    feed::{Feed, feed},
    packed::{Packed, Root, refused},
};
use crate::{
    pack::PackPath,
    store::{BlobReader, Descriptor, Error, ErrorKind, Result, Source},
    tarball::read::Limits,
};

/// How much of an unpacked file is handed on at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Hands out a file's bytes, piece by piece; the last piece comes when the whole layer that holds the file was proven.
pub struct FileReader {
    size: u64,
    content: Content,
}

enum Content {
    Layer(Box<BlobReader>),
    Packed(Unpacking),
}

/// A thread that unpacks, and the task that feeds it.
struct Unpacking {
    pieces: mpsc::Receiver<Piece>,
    pump: JoinHandle<()>,
    ended: bool,
}

enum Piece {
    Found(u64),
    Bytes(Bytes),
    End,
    Failed(Error),
}

impl PackArtifact {
    /// Returns a reader of the file at `path`; where it lies within a folder's layer or an archive, `limits` hold for that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where the pack has no such file; the store's; [`ErrorKind::Unsafe`] and [`ErrorKind::Integrity`]
    /// where the layer must be refused.
    pub async fn file(&self, source: &dyn Source, path: &PackPath, limits: Limits) -> Result<FileReader> {
        let nothing = || Error::new(ErrorKind::NotFound, format!("the pack has no file `{path}`"));
        if self.form() == Form::Layered && path.as_str() == "pack.json" {
            return FileReader::of_layer(source, self.manifest().blobs()[0]).await;
        }
        let holds = |index: &usize| {
            let entry = &self.entries()[*index];
            let rest = path.as_str().strip_prefix(entry.title.as_str());
            match entry.part.is_folder() {
                _ if self.form() == Form::Archive => true,
                true => rest.is_some_and(|rest| rest.starts_with('/')),
                false => rest == Some(""),
            }
        };
        let index = (0..self.entries().len()).find(holds).ok_or_else(nothing)?;
        let (entry, layer) = (&self.entries()[index], self.descriptor(index));
        if !entry.part.is_folder() {
            return FileReader::of_layer(source, layer).await;
        }
        let root = match self.form() {
            Form::Layered => Root::Folder(entry.title.clone()),
            Form::Archive => Root::Archive(None),
        };
        let search = Search { path: path.clone(), root, layer: entry.title.to_string(), limits, to_the_end: true };
        search.start(source, layer).await?.ok_or_else(nothing)
    }

    /// Returns the bytes of the file at `path`, where there are at most `limit` of them.
    ///
    /// # Errors
    ///
    /// As [`PackArtifact::file`]; [`ErrorKind::Unsafe`] where it is larger.
    pub async fn read_file(&self, source: &dyn Source, path: &PackPath, limits: Limits, limit: u64) -> Result<Bytes> {
        self.file(source, path, limits).await?.read_all(path.as_str(), limit).await
    }
}

/// Returns the pack.json of an archive and fetches no more than what stands before it.
pub(super) async fn metadata_of_archive(source: &dyn Source, layer: &Descriptor) -> Result<Bytes> {
    let path: PackPath = "pack.json".parse().expect("a plain name is a path");
    let name = layer.title().unwrap_or_default().to_owned();
    let limits = Limits::default();
    let search = Search { path, root: Root::Archive(None), layer: name.clone(), limits, to_the_end: false };
    match search.start(source, layer).await? {
        Some(file) => file.read_all("pack.json", MAX_METADATA).await,
        None => Err(Error::new(ErrorKind::Integrity, format!("the archive `{name}` holds no pack.json"))),
    }
}

impl FileReader {
    async fn of_layer(source: &dyn Source, layer: &Descriptor) -> Result<Self> {
        Ok(Self { size: layer.size, content: Content::Layer(Box::new(source.blob(layer).await?)) })
    }

    /// Returns the file's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the next piece, or nothing at the proven end.
    ///
    /// # Errors
    ///
    /// The store's; [`ErrorKind::Unsafe`] and [`ErrorKind::Integrity`] where the layer must be refused.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.content {
            Content::Layer(reader) => reader.next().await,
            Content::Packed(unpacking) => unpacking.next().await,
        }
    }

    /// Returns all bytes, where there are at most `limit` of them; `name` is the file's, for the error.
    async fn read_all(mut self, name: &str, limit: u64) -> Result<Bytes> {
        if self.size > limit {
            let message = format!("`{name}` has {} bytes, more than the {limit} that are read at once", self.size);
            return Err(Error::new(ErrorKind::Unsafe, message));
        }
        let mut all = BytesMut::with_capacity(usize::try_from(self.size).unwrap_or(0));
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileReader({} bytes)", self.size)
    }
}

impl Unpacking {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        match self.pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Piece::Found(_)) => Err(Error::new(ErrorKind::Integrity, "a file was found twice")),
            Some(Piece::End) => {
                self.ended = true;
                Ok(None)
            }
            Some(Piece::Failed(error)) => {
                self.ended = true;
                Err(error)
            }
            None => Err(Error::new(ErrorKind::FileSystem, "the thread that unpacks a layer has ended early")),
        }
    }
}

impl Drop for Unpacking {
    fn drop(&mut self) {
        // The thread ends by itself: nothing comes in any more, and nobody takes what it hands out.
        self.pump.abort();
    }
}

/// A file that is looked for in a layer.
struct Search {
    path: PackPath,
    root: Root,
    layer: String,
    limits: Limits,
    /// Whether to read on behind the file until the layer is proven.
    to_the_end: bool,
}

impl Search {
    /// Starts reading, and returns the file's reader as soon as the file is found.
    async fn start(self, source: &dyn Source, layer: &Descriptor) -> Result<Option<FileReader>> {
        let blob = source.blob(layer).await?;
        let (pump, feed) = feed();
        let (sender, pieces) = mpsc::channel(2);
        let pump = tokio::spawn(pump.run(blob, |_| ()));
        tokio::task::spawn_blocking(move || {
            let last = match self.run(feed, &sender) {
                Ok(()) => Piece::End,
                Err(error) => Piece::Failed(error),
            };
            // Where nobody listens any more, nobody wants to know.
            let _ = sender.blocking_send(last);
        });
        let mut unpacking = Unpacking { pieces, pump, ended: false };
        match unpacking.pieces.recv().await {
            Some(Piece::Found(size)) => Ok(Some(FileReader { size, content: Content::Packed(unpacking) })),
            Some(Piece::Failed(error)) => Err(error),
            _ => Ok(None),
        }
    }

    fn run(self, mut feed: Feed, sender: &mpsc::Sender<Piece>) -> Result<()> {
        match self.find(&mut feed, sender) {
            Err(refusal) => Err(feed.explain(refusal)),
            Ok(_) if !self.to_the_end => Ok(()),
            Ok(held) => {
                feed.prove()?;
                send(sender, held)
            }
        }
    }

    /// Goes through the layer's entries, sends the file and returns its last piece.
    fn find(&self, feed: &mut Feed, sender: &mpsc::Sender<Piece>) -> Result<Bytes> {
        let mut entries = Packed::new(feed, self.root.clone(), &self.layer, self.limits);
        let mut held = Bytes::new();
        while let Some(mut placed) = entries.next()? {
            if placed.is_folder || placed.path.as_ref() != Some(&self.path) {
                continue;
            }
            tell(sender, Piece::Found(placed.entry.size()))?;
            let mut piece = vec![0; PIECE];
            loop {
                let read = placed.entry.read(&mut piece).map_err(|error| refused(&self.layer, error.into()))?;
                if read == 0 {
                    break;
                }
                send(sender, std::mem::replace(&mut held, Bytes::copy_from_slice(&piece[..read])))?;
            }
            if !self.to_the_end {
                send(sender, std::mem::take(&mut held))?;
                break;
            }
        }
        Ok(held)
    }
}

fn send(sender: &mpsc::Sender<Piece>, bytes: Bytes) -> Result<()> {
    if bytes.is_empty() { Ok(()) } else { tell(sender, Piece::Bytes(bytes)) }
}

fn tell(sender: &mpsc::Sender<Piece>, piece: Piece) -> Result<()> {
    let given_up = |_| Error::new(ErrorKind::Unavailable, "reading the file was given up");
    sender.blocking_send(piece).map_err(given_up)
}
