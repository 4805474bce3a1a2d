//! pack.json as types.
//!
//! The documented fields are here by name; every other field is kept in [`PackMetadata::other`]. How they are read, and what is
//! told when they can't be, is in `validate`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::path::PackPath;

/// What pack.json says.
#[derive(Clone, Debug, PartialEq)]
pub struct PackMetadata {
    /// `name`: a component of an OCI repository, such as `golden-centos-aws`.
    pub name: String,
    /// `displayName`: what people are shown; empty where pack.json has none, and that was allowed.
    pub display_name: String,
    /// `layer`; absent where pack.json has none that is known, and that was allowed.
    pub layer: Option<ProfileLayer>,
    /// `version`: with `_` for `+` it can be a tag.
    pub version: String,
    /// `cloudTypes`: at least one, unless a fault of them was allowed.
    pub cloud_types: Vec<String>,
    /// `group`; often blank.
    pub group: Option<String>,
    /// `annotations`.
    pub annotations: BTreeMap<String, String>,
    /// `eol`: a day as `YYYY-MM-DD`, or blank.
    pub eol: Option<String>,
    /// `kubeManifests`, each once, in order.
    pub kube_manifests: Vec<PackPath>,
    /// `charts`, each once, in order.
    pub charts: Vec<PackPath>,
    /// `ansibleRoles`, each once, in order.
    pub ansible_roles: Vec<PackPath>,
    /// `addonType`.
    pub addon_type: Option<String>,
    /// `addonSubType`.
    pub addon_sub_type: Option<String>,
    /// `constraints`.
    pub constraints: Constraints,
    /// All other fields, as they are. A number that no machine type holds is its text.
    pub other: BTreeMap<String, serde_json::Value>,
}

/// The layer of a cluster profile that a pack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileLayer {
    /// `kernel`
    Kernel,
    /// `os`
    Os,
    /// `k8s`
    K8s,
    /// `cni`
    Cni,
    /// `csi`
    Csi,
    /// `addon`
    Addon,
}

/// A word that is no layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no layer `{0}`")]
pub struct UnknownLayer(pub String);

impl ProfileLayer {
    /// Every layer, from the bottom up.
    pub const ALL: [Self; 6] = [Self::Kernel, Self::Os, Self::K8s, Self::Cni, Self::Csi, Self::Addon];

    /// Returns the word in pack.json.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Os => "os",
            Self::K8s => "k8s",
            Self::Cni => "cni",
            Self::Csi => "csi",
            Self::Addon => "addon",
        }
    }
}

impl FromStr for ProfileLayer {
    type Err = UnknownLayer;

    fn from_str(text: &str) -> Result<Self, UnknownLayer> {
        Self::ALL.into_iter().find(|layer| layer.as_str() == text).ok_or_else(|| UnknownLayer(text.to_owned()))
    }
}

impl fmt::Display for ProfileLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a pack needs of its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// `dependencies`.
    pub dependencies: Vec<Dependency>,
    /// `resources`.
    pub resources: Vec<Resource>,
}

/// Another pack that this one needs, or does not get along with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// `packName`.
    pub pack_name: Option<String>,
    /// `layer`.
    pub layer: Option<String>,
    /// `type`: `required`, `optional`, `notSupported` or `upgrade`.
    pub kind: Option<String>,
    /// `minVersion`, itself included; blank means any.
    pub min_version: Option<String>,
    /// `maxVersion`, itself included; blank means any.
    pub max_version: Option<String>,
}

/// What a cluster must have for a pack to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `type`: `cpu` (millicores), `memory` (Mi) or `diskSize` (GB).
    pub kind: Option<String>,
    /// `minLimit`, in the unit of the type.
    pub min_limit: Option<i64>,
    /// `components`.
    pub components: Vec<ResourceComponent>,
}

/// Where a resource is needed, and the values that say how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceComponent {
    /// `scheduleType`: `all`, `master`, `control-plane` or `worker`.
    pub schedule_type: Option<String>,
    /// `resourceRequestParamRef`: a dotted path in values.yaml.
    pub resource_request_param_ref: Option<String>,
    /// `replicaCountParamRef`: a dotted path in values.yaml.
    pub replica_count_param_ref: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_their_words() {
        for layer in ProfileLayer::ALL {
            assert_eq!(layer.to_string().parse(), Ok(layer));
        }
        assert_eq!("Addon".parse::<ProfileLayer>(), Err(UnknownLayer("Addon".into())));
    }
}
