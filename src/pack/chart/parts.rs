//! What a new pack takes over from a chart: texts as they stand, not what they mean.

use std::io::Read;

use super::{Fault, Metadata, archive};
use crate::pack::yaml;

/// The parts of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) metadata: Metadata,
    pub(crate) description: Option<String>,
    pub(crate) home: Option<String>,
    /// values.yaml, as it stands.
    pub(crate) values: Option<String>,
    /// Whether values.yaml holds a value.
    pub(crate) has_values: bool,
    /// README.md, as it stands.
    pub(crate) readme: Option<String>,
}

/// Reads the parts of a chart archive.
pub(crate) fn read(archive: &mut impl Read) -> Result<Parts, Fault> {
    let archive = archive::read(archive)?;
    let files = archive.chart();
    let metadata = Metadata::read(&files.metadata()?)?;
    let root = files.get("Chart.yaml").and_then(|file| yaml::parse(&file.text).ok()?.root);
    let text = |field: &str| root.as_ref().and_then(|root| root.get(field)?.scalar()).map(str::to_owned);
    let values = files.get("values.yaml").map(|file| file.text.clone());
    let has_values = match &values {
        None => false,
        Some(text) => {
            let document = yaml::parse(text).map_err(|problem| {
                let (line, column) = (problem.position.line, problem.position.column);
                Fault::new(format!(
                    "has a values.yaml that is not YAML: {} (line {line}, column {column})",
                    problem.message
                ))
            })?;
            document.root.is_some_and(|root| root.members().next().is_some())
        }
    };
    let readme = files.get("README.md").map(|file| file.text.clone());
    Ok(Parts { description: text("description"), home: text("home"), metadata, values, has_values, readme })
}
