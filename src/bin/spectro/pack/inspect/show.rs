//! A pack's table of contents, as text and as JSON.

use std::{fmt::Write as _, path::Path};

use serde_json::{Map, Value, json};
use spectro_pack::{
    artifact::{Form, PackArtifact, Part},
    pack::{MASK, is_secret_key},
};

use crate::{context::Context, findings::line::escape, format};

pub(super) struct Shown<'a> {
    pub(super) directory: Option<&'a Path>,
    pub(super) reference: Option<&'a str>,
    pub(super) newest_of: Option<usize>,
    pub(super) artifact: &'a PackArtifact,
    /// The bytes of pack.json.
    pub(super) metadata: &'a [u8],
}

impl Shown<'_> {
    pub(super) fn print(&self, context: &Context) {
        // A pack.json that is no object was refused before it was pushed; a stranger's is shown as far as it goes.
        let metadata: Map<String, Value> = serde_json::from_slice(self.metadata).unwrap_or_default();
        context.output.result(&self.to_text(&metadata), || self.to_json(&metadata));
    }

    fn to_text(&self, metadata: &Map<String, Value>) -> String {
        let text = |key: &str| escape(metadata.get(key).and_then(Value::as_str).unwrap_or_default().trim());
        let mut head = format!("{} {}", text("name"), text("version"));
        if let Some(versions) = self.newest_of {
            write!(head, " (newest of {versions})").expect("a String takes all");
        }
        let mut lines = format!("{head:<52}  {}", text("displayName")).trim_end().to_owned();
        let mut facts = vec![format!("layer {}", text("layer"))];
        if !text("addonType").is_empty() {
            facts.push(text("addonType"));
        }
        facts.push(format!("clouds {}", texts(metadata.get("cloudTypes")).join(", ")));
        let eol = text("eol");
        if !eol.is_empty() {
            let is_over = eol.len() == 10 && eol < format::today();
            facts.push(format!("eol {eol}{}", if is_over { " (over)" } else { "" }));
        }
        writeln!(lines, "\n{}", facts.join(" · ")).expect("a String takes all");
        let digest = self.artifact.manifest().digest();
        match (self.reference, self.directory) {
            (Some(reference), _) => writeln!(lines, "{reference}@{digest}").expect("a String takes all"),
            (None, Some(directory)) => {
                writeln!(lines, "{}\n{digest}  (as a push would give it)", directory.display()).expect("as above");
            }
            (None, None) => writeln!(lines, "{digest}").expect("a String takes all"),
        }
        lines.push('\n');
        for entry in self.artifact.entries() {
            let (word, title, size) = (word(entry.part), escape(entry.title.as_str()), format::size(entry.size));
            let mode = if entry.executable { "  executable" } else { "" };
            writeln!(lines, "{word:<10} {title:<40} {size:>9}{mode}").expect("a String takes all");
        }
        let blobs = self.artifact.entries().len();
        let total: u64 = self.artifact.entries().iter().map(|entry| entry.size).sum();
        write!(lines, "{}, {}", format::count(blobs, "layer"), format::size(total)).expect("a String takes all");
        lines
    }

    fn to_json(&self, metadata: &Map<String, Value>) -> Value {
        let layers: Vec<_> = self
            .artifact
            .entries()
            .iter()
            .map(|entry| {
                json!({ "title": entry.title.as_str(), "kind": word(entry.part), "size": entry.size,
                        "digest": entry.digest.as_str(), "executable": entry.executable })
            })
            .collect();
        let of_kind = |part: Part| -> Vec<_> {
            let own = self.artifact.entries().iter().filter(|entry| entry.part == part);
            own.map(|entry| entry.title.as_str().to_owned()).collect()
        };
        let form = match self.artifact.form() {
            Form::Layered => "layered",
            Form::Archive => "archive",
        };
        let member = |key: &str| metadata.get(key).cloned().unwrap_or(Value::Null);
        json!({ "packs": [{
            "directory": self.directory,
            "name": member("name"),
            "displayName": member("displayName"),
            "version": member("version"),
            "newestOf": self.newest_of,
            "layer": member("layer"),
            "addonType": member("addonType"),
            "cloudTypes": member("cloudTypes"),
            "eol": member("eol"),
            "annotations": metadata.get("annotations").map(masked),
            "reference": self.reference,
            "digest": self.artifact.manifest().digest().as_str(),
            "format": form,
            "charts": of_kind(Part::Chart),
            "manifests": of_kind(Part::KubeManifest),
            "roles": of_kind(Part::Role),
            "artifactAnnotations": self.artifact.annotations(),
            "layers": layers,
            "size": self.artifact.entries().iter().map(|entry| entry.size).sum::<u64>(),
        }] })
    }
}

/// Returns the texts of a JSON list.
fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(escape).collect()
}

/// Returns an object with the values of its secret keys masked.
fn masked(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let shown = members.iter().map(|(key, value)| {
        let hidden = is_secret_key(key) && !value.as_str().is_some_and(str::is_empty);
        (key.clone(), if hidden { Value::from(MASK) } else { masked(value) })
    });
    Value::Object(shown.collect())
}

/// Returns the word for a part, which is the stable word of JSON as well.
fn word(part: Part) -> &'static str {
    match part {
        Part::Metadata => "metadata",
        Part::Values => "values",
        Part::Logo => "logo",
        Part::Chart => "chart",
        Part::KubeManifest => "manifest",
        Part::Role => "role",
        Part::Readme => "readme",
        Part::Presets => "presets",
        Part::Schema => "schema",
        Part::Folder => "folder",
        Part::Archive => "archive",
        _ => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_empty_ones_are_not() {
        let shown = masked(&json!({ "sshPassword": "hunter2", "sshUsername": "root", "apiToken": "" }));
        assert_eq!(shown, json!({ "sshPassword": MASK, "sshUsername": "root", "apiToken": "" }));
    }
}
