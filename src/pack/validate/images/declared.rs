//! The images that a pack declares in `pack.content.images`: image-invalid.

use std::collections::BTreeMap;

use super::reference::ImageName;
use crate::pack::{
    report::{Code, Finding, Position},
    validate::material::Yaml,
    yaml::{Kind, Node},
};

/// An image in the list.
pub(super) struct Declared {
    /// As it is written.
    pub(super) text: String,
    /// Nothing where it is no name of an image.
    pub(super) name: Option<ImageName>,
    pub(super) position: Position,
}

/// Returns the list, unless there is none.
pub(super) fn read(values: &Yaml<'_>, findings: &mut Vec<Finding>) -> Option<Vec<Declared>> {
    let list = values.root.at(["pack", "content", "images"]).filter(|list| !list.is_null())?;
    let Kind::Sequence(items) = &list.kind else {
        let message = format!("`pack.content.images` must be a list, found {}", list.describe());
        findings.push(values.about(Code::ImageInvalid, list, message).hint("write `- image: NAME:TAG` for each"));
        return None;
    };
    let mut declared = Vec::new();
    let mut places: BTreeMap<ImageName, Position> = BTreeMap::new();
    for item in items {
        let Some(node) = image(values, item, findings) else { continue };
        let text = node.scalar().unwrap_or_default().trim();
        let name = ImageName::parse(text);
        if let Some(fault) = fault(text, name.as_ref()) {
            let (message, hint) = fault;
            findings.push(values.about(Code::ImageInvalid, node, message).hint(hint));
        }
        if let Some(name) = &name {
            if let Some(first) = places.get(name) {
                let finding = values.about(Code::ImageInvalid, node, format!("`{text}` is in the list twice"));
                findings.push(finding.related("it stands here already", *first).hint("delete one"));
            } else {
                places.insert(name.clone(), node.position);
            }
        }
        declared.push(Declared { text: text.to_owned(), name, position: node.position });
    }
    Some(declared)
}

/// Returns the name in an entry of the list.
fn image<'a>(values: &Yaml<'_>, item: &'a Node, findings: &mut Vec<Finding>) -> Option<&'a Node> {
    const HINT: &str = "an entry is `- image: NAME:TAG`";
    if item.scalar().is_some() {
        return Some(item);
    }
    for (name, key, _) in item.members().filter(|(name, ..)| *name != "image") {
        let finding = Finding::new(Code::ImageInvalid, format!("nothing reads `{name}` of an image"));
        let finding = finding.in_file(super::super::values::FILE).at(key.position, key.length);
        let meant = super::super::nearest::nearest(name, ["image"]);
        findings.push(finding.hint(meant.map_or(HINT.to_owned(), |meant| format!("did you mean `{meant}`?"))));
    }
    let image = item.get("image").filter(|image| image.scalar().is_some());
    if image.is_none() && item.members().next().is_none() {
        let message = format!("an image must be a mapping, found {}", item.describe());
        findings.push(values.about(Code::ImageInvalid, item, message).hint(HINT));
    }
    image
}

fn fault(text: &str, name: Option<&ImageName>) -> Option<(String, &'static str)> {
    if text.contains("{{") {
        return None;
    }
    let Some(name) = name else {
        return Some((format!("`{text}` is no name of an image"), "write it as `docker pull` takes it: HOST/PATH:TAG"));
    };
    match (name.tag.as_deref(), &name.digest) {
        (None, None) => {
            Some((format!("`{text}` has no tag"), "without one, `latest` is meant: write the tag the charts use"))
        }
        (Some("latest"), None) => Some((
            format!("`{text}` may be another image tomorrow"),
            "write the version's own tag in place of `latest`",
        )),
        _ => None,
    }
}
