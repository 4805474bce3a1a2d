//! The templates of a chart and of the charts within it, each parsed once. Those that only test an installed chart are left out.

use super::uses::ValuePath;
use crate::{
    pack::chart::{Chart, File},
    template::{self, Options, Template},
};

/// A template of a chart.
pub(super) struct ChartTemplate<'a> {
    pub(super) file: &'a File,
    /// Nothing where it does not parse: it may use any value then. That is its authors' to find, for Helm refuses it at once.
    pub(super) template: Option<Template>,
    /// Where the values of its chart lie in those of the outermost one.
    pub(super) values: ValuePath,
    /// Where the values of the chart around it lie, which calls it, where its own only lends templates.
    pub(super) lent_to: Option<ValuePath>,
}

/// Returns the templates, those of a chart before those of the charts within it.
pub(super) fn parse(chart: &Chart) -> Vec<ChartTemplate<'_>> {
    let mut all = Vec::new();
    collect(chart, &ValuePath::default(), None, &mut all);
    all
}

fn collect<'a>(chart: &'a Chart, values: &ValuePath, around: Option<&ValuePath>, all: &mut Vec<ChartTemplate<'a>>) {
    let lent_to = around.filter(|_| chart.metadata.library);
    for file in chart.templates.iter().filter(|file| file.text.contains("{{") || file.text.contains("image")) {
        if !is_test(file) {
            let template = template::parse(&file.text, Options::default()).ok();
            all.push(ChartTemplate { file, template, values: values.clone(), lent_to: lent_to.cloned() });
        }
    }
    for (key, _, below) in chart.dependencies() {
        let mut path = values.clone();
        path.push(key);
        collect(below, &path, Some(values), all);
    }
}

/// Returns whether a template is only for `helm test`.
fn is_test(file: &File) -> bool {
    let is_hook = |line: &str| line.contains("helm.sh/hook") && !line.contains("hook-") && line.contains("test");
    file.path.contains("templates/tests/") || (file.text.contains("helm.sh/hook") && file.text.lines().any(is_hook))
}
