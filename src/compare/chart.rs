//! What differs between two charts: their versions, their Chart.yaml and values.yaml, and which other files.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Change, CompareError, CompareOptions, Detail, FileChange, LinesChange, ValueChange, content, inventory::Pair,
};
use crate::pack::chart::{self, Laid};

/// A chart on both sides, or on one.
#[derive(Clone, Debug)]
pub struct ChartChange {
    /// What it was.
    pub old: Option<ChartVersion>,
    /// What it is.
    pub new: Option<ChartVersion>,
    /// The files in it that differ, sorted by path; none where it is on one side only. Two files of
    /// more than 16 MiB are taken for the same.
    pub files: Vec<ChartFile>,
}

/// What Chart.yaml says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartVersion {
    /// The chart's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of what it installs.
    pub app_version: Option<String>,
}

/// A file of a chart that differs.
#[derive(Clone, Debug)]
pub struct ChartFile {
    /// What became of it.
    pub change: Change,
    /// Its path within the chart.
    pub path: String,
    /// Of the chart's Chart.yaml and values.yaml, and of those of the charts within it: the values that differ.
    pub values: Option<Vec<ValueChange>>,
    /// A text diff of those, where one was asked for.
    pub text: Option<LinesChange>,
}

impl ChartChange {
    /// Returns the chart that only one side has, if it is one.
    pub(super) fn of_one(old: Option<&[u8]>, new: Option<&[u8]>) -> Option<Self> {
        let version = |bytes: Option<&[u8]>| bytes.and_then(lay).map(|laid| ChartVersion::of(&laid));
        let (old, new) = (version(old), version(new));
        (old.is_some() || new.is_some()).then_some(Self { old, new, files: Vec::new() })
    }
}

impl ChartVersion {
    fn of(laid: &Laid) -> Self {
        let metadata = &laid.metadata;
        Self {
            name: metadata.name.clone(),
            version: metadata.version.clone(),
            app_version: metadata.app_version.clone(),
        }
    }
}

fn lay(bytes: &[u8]) -> Option<Laid> {
    chart::lay(&mut &*bytes).ok()
}

/// Returns what differs between two charts; nothing where one is none.
pub(super) fn compare(old: &[u8], new: &[u8], wants_text: bool) -> Option<ChartChange> {
    let (old, new) = (lay(old)?, lay(new)?);
    let paths: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
    let mut files = Vec::new();
    for path in paths {
        let (change, within) = match (old.files.get(path), new.files.get(path)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(Some(old)), Some(Some(new))) => {
                (Change::Changed, is_told(path).then(|| content::texts(path, old, new, wants_text)))
            }
            // One of them is too large to be held.
            (Some(_), Some(_)) => (Change::Changed, None),
            (None, _) => (Change::Added, None),
            (_, None) => (Change::Removed, None),
        };
        let (values, text) = match within {
            Some(within) => match within.detail {
                Detail::Values(values) => (Some(values), within.text),
                _ => (None, within.text),
            },
            None => (None, None),
        };
        files.push(ChartFile { change, path: path.clone(), values, text });
    }
    Some(ChartChange { old: Some(ChartVersion::of(&old)), new: Some(ChartVersion::of(&new)), files })
}

/// Returns whether the values of a chart's file are compared.
fn is_told(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("Chart.yaml" | "values.yaml")) && !path.contains("templates/")
}

/// Returns the files with a chart that went and a chart of the same name that came as one: a new version has a new file name.
pub(super) async fn paired(
    pair: &Pair<'_>,
    mut files: Vec<FileChange>,
    options: &CompareOptions,
) -> Result<Vec<FileChange>, CompareError> {
    let old = unpaired(&files, Change::Removed);
    let new = unpaired(&files, Change::Added);
    let mut gone = BTreeSet::new();
    for (name, at) in &new {
        let Some(was) = old.get(name) else { continue };
        let (before, path) = (files[*was].clone(), files[*at].path.clone());
        let within = content::both(pair, &before.path, &path, options).await?;
        let file = &mut files[*at];
        file.change = Change::Renamed;
        file.old_path = Some(before.path);
        file.old = before.old;
        file.detail = within.detail;
        gone.insert(*was);
    }
    let mut index = 0;
    files.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    Ok(files)
}

/// Returns the places of the charts of which this became, by name, where only one has it.
fn unpaired(files: &[FileChange], change: Change) -> BTreeMap<String, usize> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.change == change) {
        if let Detail::Chart(chart) = &file.detail
            && let Some(version) = chart.old.as_ref().or(chart.new.as_ref())
        {
            by_name.entry(version.name.clone()).or_default().push(index);
        }
    }
    by_name
        .into_iter()
        .filter_map(|(name, places)| Some((name, *places.first()?)).filter(|_| places.len() == 1))
        .collect()
}
