//! The README of a pack whose chart has none.

use std::fmt::Write as _;

use super::ChartParts;

/// Returns the text of README.md: the chart's own, or a short one.
pub fn readme_of(display_name: &str, chart: &ChartParts) -> String {
    if let Some(readme) = chart.readme.as_ref().filter(|readme| !readme.trim().is_empty()) {
        return readme.clone();
    }
    let mut text = format!("# {display_name}\n\n");
    if let Some(description) = &chart.description {
        write!(text, "{}\n\n", description.trim()).expect("a String takes all");
    }
    write!(text, "Installs the Helm chart `{}` {}.", chart.name, chart.version).expect("a String takes all");
    if let Some(home) = &chart.home {
        write!(text, " Its home is <{home}>.").expect("a String takes all");
    }
    write!(text, "\n\nThe chart's values are below `charts.{}` in `values.yaml`.\n", chart.name)
        .expect("a String takes all");
    text
}
