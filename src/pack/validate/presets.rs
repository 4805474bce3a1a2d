//! presets.yaml, and the comment in values.yaml that turns presets on: preset-invalid, preset-unknown.
//!
//! A file that is empty or holds only comments is fine. What a preset removes need not be there: most don't (138 of 179 real
//! paths).

use std::collections::BTreeMap;

use super::{material::Yaml, values};
use crate::pack::{
    report::{Code, Finding, Position},
    text::Text,
    yaml::{self, Kind, Node, Style},
};

/// The file of a pack's presets.
pub(super) const FILE: &str = "presets.yaml";

/// The comment that turns presets on: `# spectrocloud.com/enabled-presets: Group:preset,Group:preset`.
const ENABLED: &str = "spectrocloud.com/enabled-presets:";

/// A preset.
pub(super) struct Preset {
    pub(super) group: String,
    pub(super) name: String,
    /// The values that it adds.
    pub(super) add: Option<Added>,
}

/// The values that a preset adds.
pub(super) struct Added {
    pub(super) root: Node,
    /// Where the text of `add` stands; nothing where a place in it can't be told.
    origin: Option<Position>,
    whole: Position,
}

impl Added {
    /// Returns the place in presets.yaml of a place in the values.
    pub(super) fn place(&self, within: Position) -> Position {
        match self.origin {
            Some(start) => Position { line: start.line + within.line - 1, column: start.column + within.column - 1 },
            None => self.whole,
        }
    }
}

/// Reads presets.yaml.
pub(super) fn read(text: &Text<'_>, findings: &mut Vec<Finding>) -> Vec<Preset> {
    let document = match yaml::parse(text.content()) {
        Ok(document) => document,
        Err(problem) => {
            findings.push(Finding::new(Code::PresetInvalid, problem.message).in_file(FILE).at(problem.position, 1));
            return Vec::new();
        }
    };
    for duplicate in &document.duplicates {
        let message = format!("the key `{}` stands twice in one mapping", duplicate.key);
        let finding = Finding::new(Code::PresetInvalid, message).in_file(FILE).at(duplicate.second, duplicate.length);
        findings.push(finding.related("it stands here already", duplicate.first).hint("delete one"));
    }
    let Some(root) = document.root.filter(|root| !root.is_null()) else { return Vec::new() };
    let yaml = Yaml { text, root: &root };
    let list = root.get("presets").unwrap_or(&root);
    if list.is_null() {
        return Vec::new();
    }
    let Kind::Sequence(items) = &list.kind else {
        let message = format!("expected `presets:` with a list of presets, found {}", list.describe());
        findings.push(yaml.about(Code::PresetInvalid, list, message));
        return Vec::new();
    };
    let mut presets = Vec::new();
    let mut places: BTreeMap<(String, String), Position> = BTreeMap::new();
    for item in items {
        let Some(preset) = preset(&yaml, item, findings) else { continue };
        let name = (preset.group.clone(), preset.name.clone());
        if let Some(first) = places.get(&name) {
            let message = format!("the preset `{}:{}` is there twice", preset.group, preset.name);
            let node = item.get("name").unwrap_or(item);
            findings.push(yaml.about(Code::PresetInvalid, node, message).related("it stands here already", *first));
        } else {
            places.insert(name, item.get("name").unwrap_or(item).position);
        }
        presets.push(preset);
    }
    presets
}

fn preset(yaml: &Yaml<'_>, item: &Node, findings: &mut Vec<Finding>) -> Option<Preset> {
    if !item.is_mapping() {
        let message = format!("a preset must be a mapping, found {}", item.describe());
        findings.push(yaml.about(Code::PresetInvalid, item, message));
        return None;
    }
    let mut field = |name: &str| {
        let value = item.get(name);
        let text = value.and_then(Node::scalar).filter(|text| !text.trim().is_empty());
        if text.is_none() {
            let message = format!("a preset needs a `{name}`");
            let hint = "a preset has `name`, `displayName`, `group`, and `add` or `remove`";
            findings.push(yaml.about(Code::PresetInvalid, value.unwrap_or(item), message).hint(hint));
        }
        text.map(str::to_owned)
    };
    let (name, _, group) = (field("name"), field("displayName"), field("group"));
    if let Some(remove) = item.get("remove").filter(|remove| !remove.is_null() && !is_list_of_texts(remove)) {
        let message = format!("`remove` must be a list of paths, found {}", remove.describe());
        findings.push(yaml.about(Code::PresetInvalid, remove, message).hint("for example `remove: [\"charts.a.b\"]`"));
    }
    let add = item.get("add").filter(|add| !add.is_null()).and_then(|add| added(yaml, add, findings));
    Some(Preset { group: group?, name: name?, add })
}

fn is_list_of_texts(node: &Node) -> bool {
    matches!(&node.kind, Kind::Sequence(items) if items.iter().all(|item| item.scalar().is_some()))
}

/// Reads the YAML in the text of `add`.
fn added(yaml: &Yaml<'_>, add: &Node, findings: &mut Vec<Finding>) -> Option<Added> {
    let Kind::Scalar { text, style } = &add.kind else {
        let message = format!("`add` must be a text that holds YAML, found {}", add.describe());
        findings.push(
            yaml.about(Code::PresetInvalid, add, message).hint("write `add: |` and indent what is added below it"),
        );
        return None;
    };
    let origin = (*style == Style::Block).then_some(add.position);
    match yaml::parse(text) {
        Ok(document) => {
            let root = document.root.filter(|root| !root.is_null())?;
            if !root.is_mapping() {
                let message = format!("`add` must hold a mapping, found {}", root.describe());
                findings.push(yaml.about(Code::PresetInvalid, add, message));
                return None;
            }
            Some(Added { root, origin, whole: add.position })
        }
        Err(problem) => {
            let whole = Added { root: add.clone(), origin, whole: add.position };
            let message = format!("what is added is not YAML: {}", problem.message);
            let finding = Finding::new(Code::PresetInvalid, message).in_file(FILE);
            findings.push(finding.at(whole.place(problem.position), 1));
            None
        }
    }
}

/// Tells which presets are turned on in values.yaml and are not there.
pub(super) fn enabled(values: &Text<'_>, presets: Option<&[Preset]>, findings: &mut Vec<Finding>) {
    let comments = values.content().lines().take_while(|line| line.is_empty() || line.starts_with(['#', '-']));
    for (number, line) in comments.enumerate() {
        let Some((before, list)) =
            line.split_once(ENABLED).filter(|(before, _)| before.trim_matches(['#', ' ']).is_empty())
        else {
            continue;
        };
        let is_known = |entry: &str| {
            let (group, name) = entry.split_once(':').unwrap_or(("", entry));
            let is = |preset: &Preset| preset.name == name.trim() && preset.group == group.trim();
            presets.is_some_and(|presets| presets.iter().any(is))
        };
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let unknown: Vec<_> = entries.filter(|entry| !is_known(entry)).collect();
        let Some(first) = unknown.first() else { continue };
        let at = before.chars().count() + ENABLED.len() + list[..list.find(first).unwrap_or_default()].chars().count();
        let names = super::keys::list(&unknown);
        let verb = if unknown.len() == 1 { "is" } else { "are" };
        let finding = match presets {
            None => Finding::new(Code::PresetUnknown, format!("{names} {verb} turned on, but there is no {FILE}")),
            Some(_) => Finding::new(Code::PresetUnknown, format!("{names} {verb} turned on, but not in {FILE}")),
        };
        let position = Position { line: number + 1, column: at + 1 };
        let meant = presets.unwrap_or_default().iter().map(|preset| format!("{}:{}", preset.group, preset.name));
        let meant: Vec<_> = meant.collect();
        let hint = match super::nearest::nearest(first, meant.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "an entry is `Group:name` of a preset; delete those that are gone".to_owned(),
        };
        findings.push(finding.in_file(values::FILE).at(position, first.chars().count()).hint(hint));
    }
}

#[cfg(test)]
mod tests;
