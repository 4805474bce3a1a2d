//! Runs the rules on values, charts and manifests, which look at each other.

use super::{
    chart_versions, images, keys, macros,
    manifests::{self, Manifest},
    material::{Material, Yaml},
    presets,
    references::{List, Reference},
    resources, schema, secrets,
    templates::{self, ChartTemplate},
    uses::Uses,
    values,
};
use crate::pack::{
    PackPath,
    chart::Chart,
    images::Images,
    metadata::PackMetadata,
    report::{Code, Finding},
    text::Text,
    yaml::Node,
};

/// The parts of a pack as they lie on disk, as far as they could be read.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) metadata: Option<Vec<u8>>,
    pub(super) values: Option<Vec<u8>>,
    pub(super) presets: Option<Vec<u8>>,
    pub(super) schema: Option<Vec<u8>>,
    pub(super) charts: Vec<(PackPath, Chart)>,
    pub(super) manifests: Vec<(PackPath, Vec<u8>)>,
    /// What pack.json names, where all of it could be read: otherwise nobody can say what is not there.
    pub(super) references: Option<Vec<Reference>>,
}

impl Parts {
    /// Returns whether every chart that pack.json names was opened.
    fn has_all_charts(&self) -> bool {
        self.has_all(List::Charts, |path| self.charts.iter().any(|(opened, _)| opened == path))
    }

    /// Returns the keys under which manifests have values, where every manifest that pack.json names is there.
    fn manifest_stems(&self) -> Option<Vec<&str>> {
        let has_all = self.has_all(List::KubeManifests, |path| self.manifests.iter().any(|(read, _)| read == path));
        has_all.then(|| self.manifests.iter().map(|(path, _)| manifests::stem(path)).collect())
    }

    fn has_all(&self, list: List, has: impl Fn(&PackPath) -> bool) -> bool {
        self.references.as_ref().is_some_and(|references| {
            let mut named = references.iter().filter(|reference| reference.list == list);
            named.all(|reference| reference.path.as_ref().is_ok_and(&has))
        })
    }
}

/// A chart with its templates and what they use.
pub(super) struct Opened<'a> {
    pub(super) path: &'a PackPath,
    pub(super) chart: &'a Chart,
    pub(super) templates: Vec<ChartTemplate<'a>>,
    pub(super) uses: Uses,
}

impl<'a> Opened<'a> {
    pub(super) fn new(path: &'a PackPath, chart: &'a Chart) -> Self {
        let templates = templates::parse(chart);
        let uses = Uses::of(chart, &templates);
        Self { path, chart, templates, uses }
    }
}

/// Runs every rule and returns the images that were seen.
pub(super) fn check(parts: &Parts, metadata: Option<&PackMetadata>, findings: &mut Vec<Finding>) -> Images {
    let values_text = decoded(values::FILE, parts.values.as_deref(), Code::ValuesSyntax, findings);
    let values = values_text.as_ref().and_then(|text| values::check(text, findings));
    let values = values_text.as_ref().zip(values.as_ref()).map(|(text, root)| Yaml { text, root });
    let presets_text = decoded(presets::FILE, parts.presets.as_deref(), Code::PresetInvalid, findings);
    let presets = presets_text.as_ref().map(|text| presets::read(text, findings));
    let has_read_values = values_text.is_some() && !findings.iter().any(|finding| finding.code == Code::ValuesSyntax);
    let material = Material {
        metadata,
        values,
        has_read_values,
        is_whole: has_read_values && parts.has_all_charts(),
        charts: &parts.charts,
        presets: presets.as_deref().unwrap_or_default(),
    };
    if let Some(text) = &values_text {
        presets::enabled(text, presets.as_deref(), findings);
    }
    let texts: Vec<_> = parts
        .manifests
        .iter()
        .filter_map(|(path, bytes)| Some((path, decoded(path.as_str(), Some(bytes), Code::ManifestSyntax, findings)?)))
        .collect();
    let manifests: Vec<_> = texts.iter().map(|(path, text)| Manifest::read(path, text, findings)).collect();
    let charts: Vec<_> = parts.charts.iter().map(|(path, chart)| Opened::new(path, chart)).collect();

    keys::check(&material, parts.has_all_charts(), parts.manifest_stems().as_deref(), findings);
    super::charts::check(&material, &charts, findings);
    chart_versions::check(&material, findings);
    for manifest in &manifests {
        manifests::check(manifest, &material, findings);
    }
    if let Some(yaml) = &material.values {
        macros::check(yaml, findings);
        let place = |node: &Node| (node.position, yaml.text.length(&node.span));
        secrets::in_values(yaml.root, values::FILE, place, findings);
    }
    for added in material.presets.iter().filter_map(|preset| preset.add.as_ref()) {
        macros::check_added(added, presets::FILE, findings);
        secrets::in_values(&added.root, presets::FILE, |node| (added.place(node.position), 1), findings);
    }
    if let Some(text) = decoded(schema::FILE, parts.schema.as_deref(), Code::SchemaInvalid, findings) {
        schema::check(&text, &material, findings);
    }
    if let Some(bytes) = &parts.metadata {
        resources::check(bytes, &material, findings);
        if let Some(metadata) = metadata {
            secrets::in_annotations(bytes, metadata, findings);
        }
    }
    images::check(&material, &charts, &manifests, findings)
}

/// Returns the text of a file, or tells that it is none.
pub(super) fn decoded<'a>(
    file: &'a str,
    bytes: Option<&'a [u8]>,
    code: Code,
    findings: &mut Vec<Finding>,
) -> Option<Text<'a>> {
    Text::decode(file, bytes?)
        .map_err(|error| {
            let message = format!("`{file}` is {}, not UTF-8", error.guess.unwrap_or("in another encoding"));
            let finding = Finding::new(code, message).in_file(file).at(error.position, 1);
            findings.push(finding.hint("save the file as UTF-8"));
        })
        .ok()
}
