//! How two packs differ, as JSON. Nothing is left out there.

use serde_json::{Value, json};
use spectro_pack::{
    compare::{
        Change, ChartChange, ChartFile, ChartVersion, Comparison, Detail, FileChange, FileFacts, LinesChange,
        ValueChange,
    },
    pack::PackPath,
};

use super::side::Opened;

/// Returns the members of the object.
pub(super) fn of(first: &Opened, second: &Opened, comparison: &Comparison) -> Value {
    let folders = comparison.folders.iter().map(
        |folder| json!({ "path": folder.path.as_str(), "change": if folder.added { "added" } else { "removed" } }),
    );
    json!({
        "same": comparison.is_same(),
        "old": side(first),
        "new": side(second),
        "files": comparison.files.iter().map(file).collect::<Vec<_>>(),
        "emptyFolders": folders.collect::<Vec<_>>(),
        "images": {
            "gained": comparison.images.gained,
            "lost": comparison.images.lost,
            "unread": comparison.images.unread.iter().map(PackPath::as_str).collect::<Vec<_>>(),
        },
    })
}

fn side(side: &Opened) -> Value {
    json!({
        "directory": side.directory(),
        "reference": side.reference(),
        "newestOf": side.newest_of(),
        "digest": side.pack.manifest().digest().as_str(),
        "format": side.form(),
    })
}

/// Returns the stable word for what became of a file.
fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
        Change::Renamed => "renamed",
    }
}

fn file(file: &FileChange) -> Value {
    let facts = |facts: &FileFacts| json!({ "size": facts.size, "digest": facts.digest.as_str(), "executable": facts.executable });
    let mut object = json!({
        "path": file.path.as_str(),
        "oldPath": file.old_path.as_ref().map(PackPath::as_str),
        "change": word(file.change),
        "old": file.old.as_ref().map(facts),
        "new": file.new.as_ref().map(facts),
    });
    match &file.detail {
        Detail::Values(changes) => object["values"] = values(changes),
        Detail::Lines { added, removed } => object["lines"] = json!({ "added": added, "removed": removed }),
        Detail::Chart(change) => object["chart"] = chart(change),
        Detail::TooLarge => object["tooLarge"] = true.into(),
        Detail::None => {}
    }
    put_text(&mut object, file.text.as_ref());
    object
}

fn put_text(object: &mut Value, text: Option<&LinesChange>) {
    if let Some(text) = text {
        object["text"] = text.to_unified().into();
    }
}

/// Returns the values that differ. A member that is not there was not there: null is a value.
fn values(changes: &[ValueChange]) -> Value {
    let one = |change: &ValueChange| {
        let mut object = json!({ "path": change.path });
        for (key, value) in [("old", &change.old), ("new", &change.new)] {
            if let Some(value) = value {
                object[key] = value.to_json();
            }
        }
        put_text(&mut object, change.lines.as_ref());
        object
    };
    changes.iter().map(one).collect()
}

fn chart(change: &ChartChange) -> Value {
    let version = |version: &ChartVersion| json!({ "name": version.name, "version": version.version, "appVersion": version.app_version });
    let file = |file: &ChartFile| {
        let mut object = json!({ "path": file.path, "change": word(file.change) });
        if let Some(changes) = &file.values {
            object["values"] = values(changes);
        }
        put_text(&mut object, file.text.as_ref());
        object
    };
    json!({
        "old": change.old.as_ref().map(version),
        "new": change.new.as_ref().map(version),
        "files": change.files.iter().map(file).collect::<Vec<_>>(),
    })
}
