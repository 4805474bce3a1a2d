//! Looks at every file of a folder's layer or of an archive while it streams by, without keeping it.

use std::io::Read as _;

use super::{
    Form, PackArtifact,
    feed::{Feed, feed},
    packed::{Packed, Root, refused},
};
use crate::{
    pack::PackPath,
    store::{Result, Source, file::blocking},
    tarball::read::Limits,
};

/// How much of a file is handed on at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Is told of what lies in a layer, on a thread that may block.
pub(crate) trait Visitor: Send + 'static {
    /// A folder.
    fn folder(&mut self, path: PackPath);
    /// A file begins, of so many bytes.
    fn begin(&mut self, path: PackPath, size: u64, executable: bool);
    /// The next bytes of the file that began last.
    fn piece(&mut self, bytes: &[u8]) -> Result<()>;
    /// The file is whole.
    fn end(&mut self);
}

impl PackArtifact {
    /// Fetches the layer of the entry at `index`, which is a folder or an archive, shows everything in it to `visitor`, and returns
    /// that as soon as the layer was proven.
    ///
    /// # Errors
    ///
    /// The store's; `Unsafe` and `Integrity` where the layer must be refused; the visitor's.
    pub(crate) async fn walk<V: Visitor>(
        &self,
        source: &dyn Source,
        index: usize,
        limits: Limits,
        visitor: V,
    ) -> Result<V> {
        let title = &self.entries()[index].title;
        let root = match self.form() {
            Form::Layered => Root::Folder(title.clone()),
            Form::Archive => Root::Archive(None),
        };
        let layer = title.to_string();
        let blob = source.blob(self.descriptor(index)).await?;
        let (pump, feed) = feed();
        let pump = pump.run(blob, |_| ());
        let walk = blocking(move || visit(feed, root, &layer, limits, visitor));
        tokio::join!(pump, walk).1
    }
}

fn visit<V: Visitor>(mut feed: Feed, root: Root, layer: &str, limits: Limits, mut visitor: V) -> Result<V> {
    match visit_entries(&mut feed, root, layer, limits, &mut visitor) {
        Ok(()) => feed.prove().map(|()| visitor),
        Err(refusal) => Err(feed.explain(refusal)),
    }
}

fn visit_entries(feed: &mut Feed, root: Root, layer: &str, limits: Limits, visitor: &mut impl Visitor) -> Result<()> {
    let mut entries = Packed::new(feed, root, layer, limits);
    let mut piece = vec![0; PIECE];
    while let Some(mut placed) = entries.next()? {
        let Some(path) = placed.path.take() else { continue };
        if placed.is_folder {
            visitor.folder(path);
            continue;
        }
        visitor.begin(path, placed.entry.size(), placed.entry.executable());
        loop {
            let read = placed.entry.read(&mut piece).map_err(|error| refused(layer, error.into()))?;
            if read == 0 {
                break;
            }
            visitor.piece(&piece[..read])?;
        }
        visitor.end();
    }
    Ok(())
}
