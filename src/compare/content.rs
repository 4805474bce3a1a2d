//! What differs within one file.

use super::{
    CompareError, CompareOptions, Detail, FileChange, LineChange, LinesChange, Value,
    chart::{self, ChartChange},
    inventory::{Difference, Pair},
    kind::FileKind,
    lines, values,
};
use crate::{
    pack::PackPath,
    store::{Result, file::blocking},
};

/// What was found within a file.
pub(super) struct Within {
    pub(super) detail: Detail,
    pub(super) text: Option<LinesChange>,
}

impl Within {
    pub(super) const NOTHING: Self = Self { detail: Detail::None, text: None };
    const TOO_LARGE: Self = Self { detail: Detail::TooLarge, text: None };
}

/// Returns what became of a file, and what differs within it. Of a file that is only on one side, nothing is read but what chart it is.
pub(super) async fn compare(
    pair: &Pair<'_>,
    difference: Difference<'_>,
    options: &CompareOptions,
) -> Result<FileChange, CompareError> {
    let Difference { change, old, new } = difference;
    let (path, _) = new.or(old).expect("a file that differs is on one side at least");
    let within = match (old, new) {
        (Some((_, old)), Some((_, new))) if old.facts.digest == new.facts.digest => Within::NOTHING,
        (Some((old, _)), Some((new, _))) => both(pair, old, new, options).await?,
        _ if FileKind::of(path.as_str()) == FileKind::Chart => one(pair, path).await?,
        _ => Within::NOTHING,
    };
    Ok(FileChange {
        change,
        path: path.clone(),
        old_path: old.map(|(path, _)| path.clone()).filter(|old| old != path && new.is_some()),
        old: old.map(|(_, item)| item.facts.clone()),
        new: new.map(|(_, item)| item.facts.clone()),
        detail: within.detail,
        text: within.text,
    })
}

/// Returns what differs within a file that both sides have, be it under two paths.
pub(super) async fn both(
    pair: &Pair<'_>,
    old: &PackPath,
    new: &PackPath,
    options: &CompareOptions,
) -> Result<Within, CompareError> {
    let path = new.to_string();
    if !(options.text || FileKind::of(&path).is_looked_into()) {
        return Ok(Within::NOTHING);
    }
    let (Some(old), Some(new)) = futures::try_join!(pair.first.read(old), pair.second.read(new))? else {
        return Ok(Within::TOO_LARGE);
    };
    let wants_text = options.text;
    let work = blocking(move || {
        Ok(if FileKind::of(&path) == FileKind::Chart {
            let change = chart::compare(&old, &new, wants_text);
            Within { detail: change.map_or(Detail::None, |change| Detail::Chart(Box::new(change))), text: None }
        } else {
            texts(&path, &old, &new, wants_text)
        })
    });
    work.await.map_err(super::Which::Second.failed())
}

/// Returns which chart a file is that only one side has.
async fn one(pair: &Pair<'_>, path: &PackPath) -> Result<Within, CompareError> {
    let (old, new) = futures::try_join!(pair.first.read(path), pair.second.read(path))?;
    let work = blocking(move || Ok(ChartChange::of_one(old.as_deref(), new.as_deref())));
    let change = work.await.map_err(super::Which::Second.failed())?;
    Ok(Within { detail: change.map_or(Detail::None, |change| Detail::Chart(Box::new(change))), text: None })
}

/// Returns what differs between two texts; nothing where one is no text.
pub(super) fn texts(path: &str, old: &[u8], new: &[u8], wants_text: bool) -> Within {
    let (Some(old), Some(new)) = (text(old), text(new)) else { return Within::NOTHING };
    let parsed = Value::parse(path, old).zip(Value::parse(path, new));
    let lines = if wants_text || parsed.is_none() { lines::compare(path, old, new) } else { None };
    let detail = match (&parsed, &lines) {
        (Some((old, new)), _) => Detail::Values(values::differences(old, new)),
        (None, Some(lines)) => {
            Detail::Lines { added: lines.count(LineChange::Added), removed: lines.count(LineChange::Removed) }
        }
        (None, None) => Detail::TooLarge,
    };
    Within { detail, text: lines.filter(|_| wants_text) }
}

/// Returns bytes as a text, unless they are none.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}
