//! Reads the field `constraints`: only its JSON types are looked at here.

use super::fields::Fields;
use crate::pack::{
    metadata::{Constraints, Dependency, Resource, ResourceComponent},
    report::Finding,
};

pub(super) fn read(root: &Fields<'_>, findings: &mut Vec<Finding>) -> Constraints {
    let Some(fields) = root.object("constraints", findings) else { return Constraints::default() };
    let dependencies = fields.objects("dependencies", findings);
    let resources = fields.objects("resources", findings);
    Constraints {
        dependencies: dependencies.iter().map(|fields| dependency(fields, findings)).collect(),
        resources: resources.iter().map(|fields| resource(fields, findings)).collect(),
    }
}

fn dependency(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> Dependency {
    let mut string = |name| fields.string(name, findings).map(str::to_owned);
    Dependency {
        pack_name: string("packName"),
        layer: string("layer"),
        kind: string("type"),
        min_version: string("minVersion"),
        max_version: string("maxVersion"),
    }
}

fn resource(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> Resource {
    Resource {
        kind: fields.string("type", findings).map(str::to_owned),
        min_limit: fields.integer("minLimit", findings),
        components: fields.objects("components", findings).iter().map(|fields| component(fields, findings)).collect(),
    }
}

fn component(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> ResourceComponent {
    let mut string = |name| fields.string(name, findings).map(str::to_owned);
    ResourceComponent {
        schedule_type: string("scheduleType"),
        resource_request_param_ref: string("resourceRequestParamRef"),
        replica_count_param_ref: string("replicaCountParamRef"),
    }
}
