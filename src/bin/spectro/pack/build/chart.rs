//! The chart that a pack is made from: an archive, a folder, or an artifact in a registry.

use std::path::{Path, PathBuf};

use spectro_pack::{
    artifact::{PackArtifact, media_type},
    create::{ChartError, ChartParts, package},
    location::{Place, ServerLocation, parse_place},
    registry::{Intent, PackReference},
    store::{Content, Descriptor, ErrorKind, Manifest, Selector, newest},
};

use crate::{
    args::{ServerArgs, ServersArgs},
    context::Context,
    failure::{Exit, Failure},
    format,
    pack::{next, read::Workers},
};

/// The largest chart archive that a pack is made from, in bytes.
const LARGEST: u64 = 100 << 20;

/// A chart's archive, and what it says.
pub(super) struct Chart {
    pub(super) bytes: Vec<u8>,
    pub(super) parts: ChartParts,
}

impl Chart {
    pub(super) async fn find(
        word: &str,
        servers: &ServersArgs,
        workers: &Workers,
        context: &Context,
    ) -> Result<Self, Failure> {
        let path = PathBuf::from(word);
        let shown = word.to_owned();
        if let Some(reference) = word.strip_prefix("oci://") {
            let place = parse_place(reference, None, None, |_| false)?;
            let bytes = fetch(word, place, &servers.any(), context).await?;
            return workers.run(move || of_archive(&shown, bytes)).await?;
        }
        if path.is_dir() {
            return workers.run(move || of_folder(&path)).await?;
        }
        let is_archive = path.extension().is_some_and(|end| end == "tgz" || end == "gz");
        let looks_like_a_file = is_archive || word.starts_with(['.', '/']);
        if path.exists() || looks_like_a_file {
            let bytes = read(&path)?;
            return workers.run(move || of_archive(&shown, bytes)).await?;
        }
        let (location, server) = servers
            .each(context)
            .map_err(|_| {
                Failure::new(Exit::NotFound, format!("there is no chart `{word}`"))
                    .hint("name an archive, a folder or oci://HOST/PATH/NAME; a NAME needs -r SERVER")
            })?
            .remove(0);
        let place = Place::Stored { server: location, reference: word.parse()? };
        let bytes = fetch(word, place, &server, context).await?;
        workers.run(move || of_archive(&shown, bytes)).await?
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let size = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(Exit::NotFound, format!("there is no chart `{shown}`")),
        _ => Failure::file_system(format!("cannot read `{shown}`"), &error),
    })?;
    if size.len() > LARGEST {
        let message =
            format!("`{shown}` has {}, more than the {} of a chart", format::size(size.len()), format::size(LARGEST));
        return Err(Failure::new(Exit::Unsafe, message));
    }
    std::fs::read(path).map_err(|error| Failure::file_system(format!("cannot read `{shown}`"), &error))
}

fn of_archive(shown: &str, bytes: Vec<u8>) -> Result<Chart, Failure> {
    match ChartParts::read(&mut bytes.as_slice()) {
        Ok(parts) => Ok(Chart { bytes, parts }),
        Err(error) => Err(refused(shown, &error)),
    }
}

fn of_folder(folder: &Path) -> Result<Chart, Failure> {
    let shown = folder.display().to_string();
    if !folder.join("Chart.yaml").is_file() {
        let failure = Failure::new(Exit::NotFound, format!("`{shown}` is no chart: it has no Chart.yaml"));
        let is_pack = folder.join("pack.json").is_file();
        return Err(if is_pack {
            failure.hint(format!("it is a pack already: spectro pack validate {}", next::word(&shown)))
        } else {
            failure
        });
    }
    // The name of the folder in the archive is the chart's, which stands in the archive.
    let pack = |name: &str| {
        let mut bytes = Vec::new();
        package(folder, name, &mut bytes).map(|()| bytes).map_err(|error| refused(&shown, &error))
    };
    let name = of_archive(&shown, pack("chart")?)?.parts.name;
    of_archive(&shown, pack(&name)?)
}

fn refused(shown: &str, error: &ChartError) -> Failure {
    match error {
        ChartError::Invalid { message, hint } => {
            let failure = Failure::new(Exit::Findings, format!("`{shown}` {message}"));
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
        ChartError::Read { path, source } => Failure::file_system(format!("cannot read `{}`", path.display()), source),
        other => Failure::new(Exit::FileSystem, format!("cannot pack `{shown}`")).cause(other.to_string()),
    }
}

/// Fetches a chart from a registry or a local store.
async fn fetch(word: &str, place: Place, server: &ServerArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let Place::Stored { server: location, reference } = place else {
        return Err(Failure::new(Exit::Usage, format!("`{word}` names no chart in a registry"))
            .hint("write oci://HOST/PATH/NAME[:VERSION]"));
    };
    let failed = |error: &_| Failure::of_store(format!("cannot fetch the chart `{word}`"), error);
    let store = server.open(context, &location)?;
    let repository = store.repository(&reference.name, Intent::Pull)?;
    let selector = match reference.selector() {
        Some(selector) => selector,
        None => newest_of(&*repository, &location, &reference, context).await?,
    };
    let manifest = repository.manifest(&selector).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let lists = next::list_versions(&reference.name, &location);
            failed(&error).hint(format!("{lists} shows what is there; without a version it is the newest"))
        }
        _ => failed(&error),
    })?;
    let layer = chart_layer(&manifest).ok_or_else(|| no_chart(word, &location.place(&reference), &manifest))?;
    if layer.size > LARGEST {
        let message =
            format!("`{word}` has {}, more than the {} of a chart", format::size(layer.size), format::size(LARGEST));
        return Err(Failure::new(Exit::Unsafe, message));
    }
    let reader = repository.blob(&layer).await.map_err(|error| failed(&error))?;
    Ok(reader.read_all(LARGEST).await.map_err(|error| failed(&error))?.to_vec())
}

async fn newest_of(
    repository: &dyn spectro_pack::store::Target,
    location: &ServerLocation,
    reference: &PackReference,
    context: &Context,
) -> Result<Selector, Failure> {
    let failed =
        |error: &_| Failure::of_store(format!("cannot look for versions of `{reference}` in `{location}`"), error);
    let newest = newest(repository).await.map_err(|error| failed(&error))?;
    let newest = newest.ok_or_else(|| {
        Failure::new(Exit::NotFound, format!("`{reference}` in `{location}` has no version"))
            .hint("name a tag: NAME:TAG")
    })?;
    context.output.say(&format!("newest of {}: {reference}:{}", format::count(newest.versions, "version"), newest.tag));
    Ok(Selector::Tag(newest.tag))
}

/// Returns the layer that holds a chart's archive.
fn chart_layer(manifest: &Manifest) -> Option<Descriptor> {
    let Content::Image { config, layers, .. } = manifest.content() else { return None };
    let is_chart = |layer: &&Descriptor| layer.media_type == media_type::CHART;
    layers.iter().find(is_chart).filter(|_| config.media_type == media_type::CHART_CONFIG).cloned()
}

fn no_chart(word: &str, place: &str, manifest: &Manifest) -> Failure {
    match PackArtifact::of(manifest.clone()) {
        Ok(_) => Failure::new(Exit::NotFound, format!("`{word}` is a pack already, not a Helm chart"))
            .hint(format!("fetch it with: spectro pack pull {}", next::word(place))),
        Err(error) => {
            let what = error.find::<spectro_pack::artifact::NotAPack>().map(|not| not.what.clone());
            let what = what.unwrap_or_else(|| "something else".into());
            Failure::new(Exit::NotFound, format!("`{word}` is {what}, not a Helm chart"))
                .hint("a chart is pushed with: helm push CHART.tgz oci://HOST/PATH")
        }
    }
}
