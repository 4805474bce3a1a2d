//! What the tests of rules on values and charts have in common.

use crate::pack::{
    PackPath,
    chart::{Chart, testing::demo},
    report::Finding,
    text::Text,
    validate::{
        material::{Material, Yaml},
        presets,
        rules::Opened,
        values::FILE,
    },
    yaml,
};

/// A pack of one chart.
pub(super) struct Example<'a> {
    pub(super) values: &'a str,
    pub(super) presets: &'a str,
    pub(super) chart: Chart,
}

impl<'a> Example<'a> {
    /// Returns a pack with these values, whose chart has these defaults and this template.
    pub(super) fn new(values: &'a str, defaults: &str, template: &str) -> Self {
        Self::with(values, demo(defaults, template, &[]))
    }

    pub(super) fn with(values: &'a str, chart: Chart) -> Self {
        Self { values, presets: "", chart }
    }

    /// Runs a rule and returns what it finds, each with its line and column.
    pub(super) fn run(self, rule: impl FnOnce(&Material<'_>, &[Opened<'_>], &mut Vec<Finding>)) -> Vec<String> {
        let mut findings = Vec::new();
        let text = Text::new(FILE, self.values);
        let root = yaml::parse(self.values).unwrap().root.unwrap();
        let presets_text = Text::new(presets::FILE, self.presets);
        let presets = presets::read(&presets_text, &mut findings);
        let path: PackPath = "charts/demo-1.0.0.tgz".parse().unwrap();
        let charts = [(path, self.chart)];
        let values = Some(Yaml { text: &text, root: &root });
        let material = Material {
            metadata: None,
            values,
            has_read_values: true,
            is_whole: true,
            charts: &charts,
            presets: &presets,
        };
        let opened = [Opened::new(&charts[0].0, &charts[0].1)];
        rule(&material, &opened, &mut findings);
        let told = |finding: &Finding| {
            let place = finding.position.map(|place| format!("{}:{} ", place.line, place.column)).unwrap_or_default();
            let hint = finding.hint.as_ref().map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("{place}{}{hint}", finding.message)
        };
        findings.iter().map(told).collect()
    }
}
