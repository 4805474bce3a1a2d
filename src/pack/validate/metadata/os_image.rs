//! The image that the nodes of an OS pack boot from: os-image-missing.
//!
//! It is named in the annotations, by other keys for each cloud. Of clouds where it is chosen elsewhere (maas, edge-native …)
//! nothing is asked.

use super::{Fields, Finding, Kind, Span};
use crate::pack::report::Code;

/// Tells of every cloud for which the annotations name no image.
pub(super) fn check(clouds: &[(&str, &Span)], fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    let annotations = match fields.get("annotations").map(|value| &value.kind) {
        None => &[][..],
        Some(Kind::Object(members)) => members,
        Some(_) => return,
    };
    // A value of another type is told as that.
    let is_blank = |key: &&str| {
        let value = annotations.iter().find(|member| member.name == *key).map(|member| &member.value);
        value.is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()))
    };
    for (index, (cloud, span)) in clouds.iter().enumerate() {
        let absent: Vec<_> = keys(cloud).iter().copied().filter(|key| is_blank(key)).collect();
        if absent.is_empty() || clouds[..index].iter().any(|(before, _)| before == cloud) {
            continue;
        }
        let quoted: Vec<_> = absent.iter().map(|key| format!("`{key}`")).collect();
        let message = format!(
            "the annotations name no image for `{cloud}`: {} {}",
            super::listed(&quoted),
            match absent[..] {
                [_] => "is missing",
                _ => "are missing",
            }
        );
        let examples: Vec<_> = absent.iter().map(|key| format!("`\"{key}\": \"{}\"`", example(cloud, key))).collect();
        let hint = format!("for example {} in `annotations`", super::listed(&examples));
        findings.push(fields.finding(Code::OsImageMissing, span, message).hint(hint));
    }
}

fn keys(cloud: &str) -> &'static [&'static str] {
    match cloud {
        "aws" => &["imageId", "imageOwner", "cloudRegion"],
        "azure" => &["imageOffer", "imagePublisher", "imageSKU"],
        "vsphere" => &["imageId"],
        _ => &[],
    }
}

fn example(cloud: &str, key: &str) -> &'static str {
    match key {
        "imageId" if cloud == "vsphere" => "/Datacenter/vm/templates/ubuntu-22.04",
        "imageId" => "ami-071f6fc516c53fca1",
        "imageOwner" => "421085264799",
        "cloudRegion" => "us-east-1",
        "imageOffer" => "ubuntu-24_04-lts",
        "imagePublisher" => "Canonical",
        _ => "server",
    }
}
