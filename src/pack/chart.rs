//! A Helm chart archive, read in place and under limits: its name, its values, its templates and the charts within it.
//!
//! Nothing is unpacked to disk. The archive may be rooted at `./` or at a folder of any name: the Chart.yaml nearest to the top
//! counts, as it does for Helm with well-formed archives. Only the chart itself must be whole; a chart within it that can't be
//! read is left out, for Helm's users find that before they publish.

mod archive;
mod lookalike;
mod metadata;
pub(crate) mod parts;

use std::{collections::BTreeMap, io::Read};

pub(crate) use archive::File;
pub(crate) use metadata::{Dependency, Metadata};

use self::archive::Files;
use super::yaml::{self, Node};

/// How deep charts may lie within charts.
const DEEPEST: usize = 8;

/// Why a file is no chart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What follows the chart's path in a message.
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }
}

/// A chart and the charts within it.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) metadata: Metadata,
    /// The defaults of values.yaml; nothing where there is none that holds a value.
    pub(crate) values: Option<Values>,
    /// values.schema.json.
    pub(crate) schema: Option<Node>,
    /// What lies in `templates/`, sorted by path.
    pub(crate) templates: Vec<File>,
    /// The charts in `charts/`, sorted by path.
    pub(crate) subcharts: Vec<Chart>,
}

/// A chart's values.yaml.
#[derive(Debug)]
pub(crate) struct Values {
    /// Its path in the archive.
    pub(crate) path: String,
    pub(crate) root: Node,
}

/// Reads a chart to the archive's end. Every text file in it goes to `each` first.
pub(crate) fn open(archive: &mut impl Read, each: impl FnMut(&File)) -> Result<Chart, Fault> {
    let archive = archive::read(archive)?;
    archive.texts().for_each(each);
    let files = archive.chart();
    Ok(Chart::assemble(Metadata::read(&files.metadata()?)?, &files, 0))
}

/// A chart as its files, without what lies beside it in the archive.
pub(crate) struct Laid {
    pub(crate) metadata: Metadata,
    /// The bytes of its files by their paths within the chart; nothing of those that are too large to be held.
    pub(crate) files: BTreeMap<String, Option<Vec<u8>>>,
}

/// Reads the files of a chart.
pub(crate) fn lay(archive: &mut impl Read) -> Result<Laid, Fault> {
    let archive = archive::read(archive)?;
    let metadata = Metadata::read(&archive.chart().metadata()?)?;
    Ok(Laid { metadata, files: archive.into_files() })
}

impl Chart {
    fn assemble(metadata: Metadata, files: &Files<'_>, depth: usize) -> Self {
        let values = files.get("values.yaml").and_then(|file| {
            let root = yaml::parse(&file.text).ok()?.root.filter(|root| root.members().next().is_some())?;
            Some(Values { path: file.path.clone(), root })
        });
        let metadata = match files.get("requirements.yaml") {
            Some(file) => metadata.with_requirements(&file.text),
            None => metadata,
        };
        Self {
            metadata,
            values,
            schema: files.get("values.schema.json").and_then(|file| yaml::parse(&file.text).ok()?.root),
            templates: files.below("templates/").cloned().collect(),
            subcharts: if depth < DEEPEST { subcharts(files, depth + 1) } else { Vec::new() },
        }
    }

    /// Returns the name in Chart.yaml, by which a pack's values name the chart.
    pub(crate) fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Returns each chart within this one with the key its values have in this one's, and what Chart.yaml says of it.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = (&str, Option<&Dependency>, &Self)> {
        self.subcharts.iter().flat_map(|chart| {
            let declared = || self.metadata.dependencies.iter().filter(|dependency| dependency.name == chart.name());
            let undeclared = declared().next().is_none().then_some((chart.name(), None, chart));
            declared().map(move |dependency| (dependency.key(), Some(dependency), chart)).chain(undeclared)
        })
    }
}

/// Returns the charts in `charts/`, folders and archives.
fn subcharts(files: &Files<'_>, depth: usize) -> Vec<Chart> {
    let mut charts: BTreeMap<&str, Chart> = BTreeMap::new();
    // Helm leaves out what begins with a dot or an underscore.
    for name in files.charts().into_iter().filter(|name| !name.starts_with(['.', '_'])) {
        let files = files.within(name);
        if let Ok(metadata) = files.metadata().and_then(|found| Metadata::read(&found)) {
            charts.insert(name, Chart::assemble(metadata, &files, depth));
        }
    }
    for (name, bytes) in files.archives() {
        let Ok(archive) = archive::read(&mut &*bytes) else { continue };
        let files = archive.chart();
        if let Ok(metadata) = files.metadata().and_then(|found| Metadata::read(&found)) {
            charts.insert(name, Chart::assemble(metadata, &files, depth));
        }
    }
    charts.into_values().collect()
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
