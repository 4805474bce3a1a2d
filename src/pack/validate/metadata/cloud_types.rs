//! What a pack says about the clouds it is for: cloud-type-unknown.

use super::{Fields, Finding, Span, nearest};
use crate::pack::report::Code;

/// The clouds of Palette's API (4.8, `CloudType`), of its Terraform provider, and all that packs were seen to name.
const KNOWN: [&str; 23] = [
    "all",
    "aws",
    "azure",
    "gcp",
    "vsphere",
    "openstack",
    "baremetal",
    "maas",
    "aks",
    "eks",
    "gke",
    "tke",
    "tencent",
    "edge",
    "edge-native",
    "coxedge",
    "libvirt",
    "custom",
    "nested",
    "generic",
    "virtual",
    "nutanix",
    "apache-cloudstack",
];

/// Tells of words that are no cloud type; blank ones are told elsewhere.
pub(super) fn check(clouds: &[(&str, &Span)], fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    for (cloud, span) in clouds.iter().filter(|(cloud, _)| !cloud.trim().is_empty() && !KNOWN.contains(cloud)) {
        let hint = match nearest(cloud, KNOWN) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "known are all, aws, azure, gcp, vsphere, openstack, baremetal, maas, aks, eks, gke, edge-native and \
                     others; a cloud of your own is fine where it is registered under this name"
                    .into()
            }
        };
        findings
            .push(fields.finding(Code::CloudTypeUnknown, span, format!("there is no cloud type `{cloud}`")).hint(hint));
    }
}
