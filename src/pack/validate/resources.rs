//! The values that pack.json's resource constraints name: constraint-reference.

use super::{material::Material, metadata::FILE};
use crate::pack::{
    report::{Code, Finding},
    text::Text,
};

/// Checks that each path is in values.yaml, or in the defaults of the chart it leads into.
pub(super) fn check(metadata: &[u8], material: &Material<'_>, findings: &mut Vec<Finding>) {
    let (Some(declared), Ok(text)) = (material.metadata, Text::decode(FILE, metadata)) else { return };
    let mut from = 0;
    for component in declared.constraints.resources.iter().flat_map(|resource| &resource.components) {
        for (field, path) in [
            ("resourceRequestParamRef", &component.resource_request_param_ref),
            ("replicaCountParamRef", &component.replica_count_param_ref),
        ] {
            let Some(path) = path.as_deref().filter(|path| !path.trim().is_empty() && !material.may_have(path.trim()))
            else {
                continue;
            };
            let message = format!("`{field}` names `{}`, which is not in the values", path.trim());
            let form = "a path begins with `charts.<chart>` or `manifests.<manifest>`, as in `charts.nginx.replicas`";
            let meant = material.meant(path.trim()).map(|meant| format!("did you mean `{meant}`?"));
            let hint = meant.unwrap_or_else(|| form.to_owned());
            // The text of the path is looked for where the one before it stood: they come in order.
            let quoted = format!("\"{path}\"");
            let found = |from: usize| text.content()[from..].find(&quoted).map(|at| from + at);
            let finding = match found(from).or_else(|| found(0)) {
                Some(at) => {
                    from = at + 1;
                    text.finding(Code::ConstraintReference, &(at..at + quoted.len()), message)
                }
                None => Finding::new(Code::ConstraintReference, message).in_file(FILE),
            };
            findings.push(finding.hint(hint));
        }
    }
}
