//! Manifests, which are YAML or Go templates: manifest-syntax, manifest-value-undefined.
//!
//! Functions that nobody knows and the old macros `.Spectro.…` must parse. Where a pack has no values for a manifest nothing is
//! said of the values it names: files with templates of their own inside (Istio's injector: 700 references) would drown the rest.

use std::collections::BTreeSet;

use super::{
    material::Material,
    uses::{Known, Uses, ValuePath},
    values::FILE as VALUES,
};
use crate::{
    pack::{
        PackPath,
        report::{Code, Finding},
        text::Text,
        values::{Origin, Value},
        yaml::{self, Node},
    },
    template::{self, Options, Template},
};

/// A manifest that pack.json names.
pub(super) struct Manifest<'a> {
    pub(super) path: &'a PackPath,
    pub(super) text: &'a Text<'a>,
    /// Nothing where it does not parse.
    pub(super) template: Option<Template>,
}

impl<'a> Manifest<'a> {
    /// Reads a manifest and tells where it is neither YAML nor a template.
    pub(super) fn read(path: &'a PackPath, text: &'a Text<'a>, findings: &mut Vec<Finding>) -> Self {
        let content = text.content();
        let template = match template::parse(content, Options { dashes_in_fields: true }) {
            Ok(template) => Some(template),
            Err(problem) => {
                let mut finding = text.finding(Code::ManifestSyntax, &problem.span, problem.message);
                finding.hint = problem.hint;
                if let Some((label, at)) = problem.related {
                    finding = finding.related(label, text.position(at));
                }
                findings.push(finding);
                None
            }
        };
        if template.is_some()
            && !content.contains("{{")
            && let Err(problem) = yaml::documents(content)
        {
            findings.push(
                Finding::new(Code::ManifestSyntax, problem.message).in_file(path.as_str()).at(problem.position, 1),
            );
        }
        Self { path, text, template }
    }

    /// Returns the key of its values below `manifests`: the file's name without its end.
    pub(super) fn stem(&self) -> &'a str {
        stem(self.path)
    }
}

/// Returns the name of a file without its end.
pub(super) fn stem(path: &PackPath) -> &str {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

/// Finds values that a manifest uses and nothing defines.
pub(super) fn check(manifest: &Manifest<'_>, material: &Material<'_>, findings: &mut Vec<Finding>) {
    let section = material.section("manifests").and_then(|section| section.get(manifest.stem()));
    let (Some(template), Some(section)) = (&manifest.template, section.filter(|section| section.is_mapping())) else {
        return;
    };
    let values = Value::of(section, Origin { file: VALUES, within: None });
    let added: Vec<&Node> = material
        .presets
        .iter()
        .filter_map(|preset| preset.add.as_ref()?.root.at(["manifests", manifest.stem()]))
        .collect();
    let is_there = |path: &ValuePath| {
        let parts: Vec<&str> = path.parts().collect();
        leads_somewhere(section, &parts) || added.iter().any(|root| leads_somewhere(root, &parts))
    };
    let (mut off, mut guarded) = (Known::default(), Known::default());
    let mut told = BTreeSet::new();
    for used in Uses::of_template(template).iter() {
        let parts: Vec<&str> = used.path.parts().collect();
        if used.optional || parts.is_empty() || parts[0] == "global" || is_there(&used.path) {
            continue;
        }
        if used.is_off(&values, &mut off)
            || used.is_guarded(&is_there, &mut guarded)
            || is_comment(manifest.text.line_from(used.span.start))
        {
            continue;
        }
        let path = parts.join(".");
        if told.insert(path.clone()) {
            let message = format!("`.Values.{path}` is defined nowhere");
            let finding = manifest.text.finding(Code::ManifestValueUndefined, &used.span, message);
            findings.push(finding.hint(format!("set `manifests.{}.{path}` in {VALUES}", manifest.stem())));
        }
    }
}

/// Returns whether the line that a text begins with is a comment of YAML.
fn is_comment(text: &str) -> bool {
    text.trim_start_matches([' ', '\t']).starts_with('#')
}

/// Returns whether a path is defined, or leads into something whose inside is not known.
fn leads_somewhere(mut node: &Node, parts: &[&str]) -> bool {
    for part in parts {
        if !node.is_mapping() {
            return !node.is_null() && node.scalar().is_none();
        }
        match node.get(part) {
            Some(below) => node = below,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
