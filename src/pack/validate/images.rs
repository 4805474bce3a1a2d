//! The images a pack needs, held against those it declares: images-missing, image-invalid, image-undeclared.
//!
//! An air-gapped site copies what `pack.content.images` lists, and nothing else: what is used and not listed is missing there.
//! Tags that a chart takes from its `appVersion` are unknown, not that version: charts add or strip a `v`.

mod declared;
mod found;
mod literals;
mod reference;

use std::collections::BTreeMap;

use self::{
    declared::Declared,
    found::{Finder, Found, Host, turned_off},
    reference::ImageName,
};
use super::{
    manifests::Manifest,
    material::Material,
    rules::Opened,
    templates::ChartTemplate,
    uses::{Live, Uses},
    values::FILE,
};
use crate::{
    pack::{
        images::{DeclaredImage, FoundImage, Images},
        metadata::ProfileLayer,
        report::{Code, Finding},
        text::Text,
        values::{Origin, Value},
    },
    template::Template,
};

/// Returns the name of an image in the form in which names are compared; what is no name as it is.
pub(super) fn familiar(text: &str) -> String {
    ImageName::parse(text).map_or_else(|| text.to_owned(), |name| name.to_string())
}

/// Lists the images of a pack and tells what is wrong with its own list.
pub(super) fn check<'a>(
    material: &Material<'a>,
    charts: &'a [Opened<'a>],
    manifests: &[Manifest<'a>],
    findings: &mut Vec<Finding>,
) -> Images {
    let declared = material.values.and_then(|values| declared::read(&values, findings));
    let mut all = Vec::new();
    for opened in charts {
        in_chart(material, opened, &mut all);
    }
    for manifest in manifests {
        in_manifest(material, manifest, &mut all);
    }
    // Each once: where the pack's own values name it, otherwise where it comes first.
    all.sort_by_key(|found| found.origin.within.is_some());
    let mut found: BTreeMap<ImageName, Found<'_>> = BTreeMap::new();
    for image in all {
        found.entry(image.name.clone()).or_insert(image);
    }
    let listed = declared.as_deref().unwrap_or_default();
    let layer = material.metadata.and_then(|metadata| metadata.layer);
    let is_needed = matches!(layer, Some(ProfileLayer::Addon | ProfileLayer::Cni | ProfileLayer::Csi));
    if material.has_read_values && listed.is_empty() && !found.is_empty() && is_needed {
        findings.push(missing(material, &found));
    }
    let mut images = Images { declared: listed.iter().map(told).collect(), found: Vec::new() };
    for (name, image) in found {
        let absence = absence(&image, listed);
        if let Some(absence) = absence.as_ref().filter(|_| !listed.is_empty()) {
            findings.push(undeclared(&image, absence));
        }
        images.found.push(FoundImage {
            name: name.to_string(),
            file: image.origin.file.to_owned(),
            within: image.origin.within.map(str::to_owned),
            line: image.position.line,
            declared: absence.is_none(),
        });
    }
    images
}

fn told(declared: &Declared) -> DeclaredImage {
    DeclaredImage { name: declared.text.clone(), line: declared.position.line }
}

fn in_chart<'a>(material: &Material<'a>, opened: &Opened<'a>, all: &mut Vec<Found<'a>>) {
    let Opened { path, chart, uses, .. } = opened;
    let values = material.effective(path, chart);
    let off = turned_off(chart, &values);
    all.extend(Finder { values: &values, uses, off: off.clone(), found: Vec::new(), live: Live::default() }.run());
    for ChartTemplate { file, template, values, .. } in &opened.templates {
        let is_yaml = matches!(file.path.rsplit_once('.'), Some((_, "yaml" | "yml")));
        if let Some(template) = template.as_ref().filter(|_| is_yaml)
            && !off.iter().any(|off| values.is_within(off))
        {
            let origin = Origin { file: path.as_str(), within: Some(&file.path) };
            literals_of(&Text::new(&file.path, &file.text), template, origin, all);
        }
    }
}

fn literals_of<'a>(text: &Text<'_>, template: &Template, origin: Origin<'a>, all: &mut Vec<Found<'a>>) {
    let content = text.content();
    if content.contains("image:") || content.contains("RELATED_IMAGE_") {
        all.extend(literals::find(content, template).into_iter().map(|(name, span)| Found {
            host: Host::of(&content[span.clone()]),
            name,
            origin,
            position: text.position(span.start),
            length: text.length(&span),
        }));
    }
}

fn in_manifest<'a>(material: &Material<'a>, manifest: &Manifest<'a>, all: &mut Vec<Found<'a>>) {
    let Some(template) = &manifest.template else { return };
    let own = material.section("manifests").and_then(|section| section.get(manifest.stem()));
    let origin = Origin { file: manifest.path.as_str(), within: None };
    literals_of(manifest.text, template, origin, all);
    if let Some(own) = own {
        let values = Value::of(own, Origin { file: FILE, within: None });
        let uses = Uses::of_template(template);
        all.extend(
            Finder { values: &values, uses: &uses, off: Vec::new(), found: Vec::new(), live: Live::default() }.run(),
        );
    }
}

/// How the list lacks an image.
enum Absence {
    Whole,
    OtherTag(String),
    OtherRegistry(String),
}

/// Returns how the list lacks an image, unless it has it or that can't be told.
fn absence(image: &Found<'_>, declared: &[Declared]) -> Option<Absence> {
    let name = &image.name;
    let listed = || declared.iter().filter_map(|declared| Some((declared, declared.name.as_ref()?)));
    let is_same = |other: &ImageName| match image.host {
        Host::OfAll => other.same_path(name),
        _ => other.same_repository(name),
    };
    let same = || listed().filter(|(_, other)| is_same(other));
    let has_digest = |other: &ImageName| other.digest.is_some() && other.digest == name.digest;
    if listed().any(|(_, other)| has_digest(other))
        || same().any(|(_, other)| name.tag.is_some() && other.tag == name.tag)
        || declared.iter().any(|declared| declared.text.contains("{{"))
    {
        return None;
    }
    let elsewhere = listed().find(|(_, other)| {
        let tag = name.tag.is_none() || other.tag == name.tag;
        image.host == Host::Own && other.registry != name.registry && other.last_name() == name.last_name() && tag
    });
    match (same().next(), elsewhere) {
        // A digest and a tag may well be the same image.
        (Some(_), _) if name.tag.is_none() => None,
        (Some((declared, _)), _) => Some(Absence::OtherTag(declared.text.clone())),
        (None, Some((declared, _))) => Some(Absence::OtherRegistry(declared.text.clone())),
        (None, None) if name.tag.is_none() && name.digest.is_none() => {
            let known = listed().any(|(_, other)| other.last_name() == name.last_name());
            (!known).then_some(Absence::Whole)
        }
        (None, None) => Some(Absence::Whole),
    }
}

fn undeclared(image: &Found<'_>, absence: &Absence) -> Finding {
    let name = &image.name;
    let used = match image.origin.within {
        Some(within) => format!("`{name}` is used in {within}:{}", image.position.line),
        None => format!("`{name}` is used"),
    };
    let message = match absence {
        Absence::Whole => format!("{used}, but not in `pack.content.images`"),
        Absence::OtherTag(other) => format!("{used}, but `pack.content.images` has `{other}`"),
        Absence::OtherRegistry(other) => format!("{used}, but `pack.content.images` has it from elsewhere: `{other}`"),
    };
    let finding = Finding::new(Code::ImageUndeclared, message).in_file(image.origin.file);
    let finding = match image.origin.within {
        Some(_) => finding,
        None => finding.at(image.position, image.length),
    };
    finding.hint(match (&name.tag, &name.digest) {
        (None, None) => format!("add it with its tag: - image: {name}:TAG"),
        _ => format!("an air-gapped site would not have it; add: - image: {name}"),
    })
}

fn missing(material: &Material<'_>, found: &BTreeMap<ImageName, Found<'_>>) -> Finding {
    let count = found.len();
    let first = found.keys().next().map(ToString::to_string).unwrap_or_default();
    let used = match count {
        1 => format!("`{first}` is used"),
        _ => format!("`{first}` and {} more are used", count - 1),
    };
    let message = format!("`pack.content.images` lists no images, but {used}");
    let finding = Finding::new(Code::ImagesMissing, message).in_file(FILE);
    let finding = finding.hint("an air-gapped site gets only what is listed; see: spectro pack images DIR");
    let pack = material.values.and_then(|values| values.root.member("pack"));
    match pack {
        Some((key, _)) => finding.at(key.position, key.length),
        None => finding,
    }
}

#[cfg(test)]
mod tests;
