//! The rules about single fields: what each tells, and what it stays silent about.

use super::{GOOD, told_in};

/// Returns what is told when one piece of a good pack.json is another, on the first of July 2024 in a folder `demo-1.0.0`.
fn with(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    told_in("demo-1.0.0", "2024-07-01", &GOOD.replacen(from, to, 1))
}

/// Returns what is told of more fields at the end of a good pack.json.
fn and(more: &str) -> Vec<String> {
    with("[\"all\"]\n", &format!("[\"all\"],\n{more}\n"))
}

const NONE: [&str; 0] = [];

#[test]
fn what_has_no_fault_is_silent() {
    assert_eq!(with("demo", "demo"), NONE);
    for more in [
        r#""commit_msg": "x", "kubeVersion": "1", "readme": "R.md", "$schema": "s", "_note": 1, "//": "why", "x-a": 1"#,
        r#""eol": "", "group": " ""#,
        r#""eol": " ""#,
        r#""eol": "2024-07-01""#,
        r#""annotations": {"imageID": "x", "anything": "y"}"#,
        r#""constraints": {}"#,
        r#""constraints": {"dependencies": [{"packName": "a", "layer": "k8s", "type": "notSupported", "minVersion": "", "maxVersion": " "}]}"#,
        r#""constraints": {"dependencies": [{"packName": "a", "layer": "k8s", "type": "upgrade", "minVersion": "1.27.3", "maxVersion": "1.27"}]}"#,
        r#""constraints": {"resources": [{"type": "diskSize", "minLimit": 0}, {"type": "memory"}]}"#,
    ] {
        assert_eq!(and(more), NONE, "{more}");
    }
    for clouds in ["edge-native", "custom", "apache-cloudstack", "nested", "tke"] {
        assert_eq!(with("\"all\"", &format!("\"{clouds}\"")), NONE, "{clouds}");
    }
    assert_eq!(with("\"addon\", \"addonType\": \"ai\"", "\"csi\""), NONE, "only add-ons have a type");
}

#[test]
fn fields_that_nobody_reads() {
    assert_eq!(
        and("\"kubeManifest\": []"),
        ["7:1+14 field-unknown `kubeManifest` is no known field | did you mean `kubeManifests`?"]
    );
    assert_eq!(
        and("\"KubeManifests\": [],\n\"kubeManifests\": []"),
        [
            "7:1+15 field-unknown `KubeManifests` is no known field | `kubeManifests` is there already: move it there, or delete it"
        ]
    );
    assert_eq!(
        and("\"homepage\": \"x\""),
        ["7:1+10 field-unknown `homepage` is no known field | delete it, or put it into `annotations`, which are free"]
    );
    assert_eq!(
        and(r#""constraints": {"resources": [{"type": "cpu", "components": [{"scheduletype": "all"}]}]}"#),
        [
            "7:63+14 field-unknown `constraints.resources[0].components[0].scheduletype` is no known field | did you mean `scheduleType`?"
        ]
    );
    assert_eq!(
        with("\"cloudTypes\"", "\"cloudType\""),
        [
            "1:1+1 field-missing the field `cloudTypes` is missing | rename `cloudType` to `cloudTypes` | 6:1 is this it?"
        ],
        "told once"
    );
}

#[test]
fn folders_of_another_version() {
    assert_eq!(
        with("\"1.0.0\"", "\"1.1.0\""),
        [
            "5:12+7 name-mismatch the folder is `demo-1.0.0`, and the version `1.1.0` | rename the folder to `demo-1.1.0`, or correct the version"
        ]
    );
    assert_eq!(told_in("other-1.0.0", "2024-07-01", &GOOD.replace("1.0.0", "1.1.0")), NONE);
    assert_eq!(told_in("demo", "2024-07-01", &GOOD.replace("1.0.0", "1.1.0")), NONE);
}

#[test]
fn the_part_of_a_version_that_is_wrong() {
    assert_eq!(
        with("\"1.0.0\"", "\"1.0.00\""),
        ["5:17+2 version-not-semver the version `1.0.00` is not semantic: `00` begins with a zero | write `1.0.0`"]
    );
    assert_eq!(
        with("\"1.0.0\"", "\"1.\\u0030.00\""),
        ["5:12+13 version-not-semver the version `1.0.00` is not semantic: `00` begins with a zero | write `1.0.0`"],
        "with an escape in it the whole is pointed at"
    );
    assert_eq!(
        with("\"1.0.0\"", "\"1.0\""),
        ["5:12+5 version-not-semver the version `1.0` is not semantic: it has two parts, not three | write `1.0.0`"]
    );
}

#[test]
fn clouds_and_types_that_are_not() {
    let others = "known are all, aws, azure, gcp, vsphere, openstack, baremetal, maas, aks, eks, gke, edge-native and others; \
                  a cloud of your own is fine where it is registered under this name";
    assert_eq!(
        with("[\"all\"]", "[\"AWS\", \"edge_native\", \"mainframe\"]"),
        [
            "6:16+5 cloud-type-unknown there is no cloud type `AWS` | did you mean `aws`?".to_owned(),
            "6:23+13 cloud-type-unknown there is no cloud type `edge_native` | did you mean `edge-native`?".to_owned(),
            format!("6:38+11 cloud-type-unknown there is no cloud type `mainframe` | {others}"),
        ]
    );
    let types = "the types are ai, app services, authentication, ingress, load balancer, logging, monitoring, network, \
                 registry, security, servicemesh, storage, system app";
    assert_eq!(
        with("\"ai\"", "\"app-services\""),
        ["4:32+14 addon-type-unknown there is no add-on type `app-services` | did you mean `app services`?"]
    );
    assert_eq!(
        with("\"ai\"", "\"games\""),
        [format!("4:32+7 addon-type-unknown there is no add-on type `games` | {types}")]
    );
    assert_eq!(
        with("\"ai\"", "\" \""),
        [format!("4:32+3 addon-type-missing the field `addonType` is empty, and this is an add-on | {types}")]
    );
    assert_eq!(
        with("addonType", "addOnTypes"),
        [
            "4:10+7 addon-type-missing the field `addonType` is missing, and this is an add-on | rename `addOnTypes` to `addonType` | 4:19 is this it?"
        ]
    );
    assert_eq!(with("\"ai\"", "7"), ["4:32+1 field-type `addonType` must be a string, found a number | write `\"7\"`"]);
}

#[test]
fn images_of_operating_systems() {
    let os = |clouds: &str, annotations: &str| {
        let text = GOOD.replace("\"addon\", \"addonType\": \"ai\"", "\"os\"");
        let text = text.replace("[\"all\"]", &format!("[{clouds}],\n\"annotations\": {{{annotations}}}"));
        told_in("demo", "2024-07-01", &text)
    };
    for (clouds, annotations) in [
        ("\"all\"", ""),
        ("\"maas\", \"edge-native\", \"gcp\"", ""),
        ("\"vsphere\"", "\"imageId\": \"/a\""),
        ("\"aws\"", "\"imageId\": \"ami-1\", \"imageOwner\": \"1\", \"cloudRegion\": \"eu\""),
        ("\"azure\"", "\"imageOffer\": \"a\", \"imagePublisher\": \"b\", \"imageSKU\": \"c\""),
    ] {
        assert_eq!(os(clouds, annotations), NONE, "{clouds}");
    }
    assert_eq!(
        os("\"vsphere\", \"vsphere\"", "\"imageId\": \" \""),
        [
            "6:16+9 os-image-missing the annotations name no image for `vsphere`: `imageId` is missing | for example `\"imageId\": \"/Datacenter/vm/templates/ubuntu-22.04\"` in `annotations`"
        ]
    );
    assert_eq!(
        os("\"all\", \"azure\"", "\"imageOffer\": \"a\""),
        [
            "6:23+7 os-image-missing the annotations name no image for `azure`: `imagePublisher` and `imageSKU` are missing | for example `\"imagePublisher\": \"Canonical\"` and `\"imageSKU\": \"server\"` in `annotations`"
        ]
    );
    assert_eq!(
        os("\"vsphere\"", "\"imageId\": 7"),
        ["7:28+1 field-type `annotations.imageId` must be a string, found a number | write `\"7\"`"],
        "told once"
    );
}

#[test]
fn ends_of_life() {
    assert_eq!(
        and("\"eol\": \"2024-06-30\""),
        ["7:8+12 eol-passed the pack's life ended on 2024-06-30 | offer a newer version, or move the day"]
    );
    assert_eq!(
        and("\"eol\": \"2024/06/30\""),
        ["7:8+12 eol-invalid the end of life `2024/06/30` is not written as `YYYY-MM-DD` | write `2024-06-30`"]
    );
    assert_eq!(
        and("\"eol\": \"2025-02-29\""),
        [
            "7:8+12 eol-invalid the end of life `2025-02-29` is no day of the calendar | write the last day of its month, perhaps"
        ]
    );
    assert_eq!(
        and("\"eol\": \"soon\""),
        [
            "7:8+6 eol-invalid the end of life `soon` is not written as `YYYY-MM-DD` | for example `2028-04-30`, or `\"\"` where there is no such day"
        ]
    );
    assert_eq!(
        and("\"eol\": \"2028-04-30 \""),
        ["7:8+13 eol-invalid the end of life `2028-04-30 ` has spaces around it | write `2028-04-30`"]
    );
}

#[test]
fn constraints_that_cannot_be_met() {
    let dependency = |fields: &str| and(&format!("\"constraints\": {{\"dependencies\": [{{{fields}}}]}}"));
    let resource = |fields: &str| and(&format!("\"constraints\": {{\"resources\": [{{{fields}}}]}}"));
    assert_eq!(
        dependency(""),
        [
            "7:34+1 constraint-invalid a dependency has no `packName`, `layer` and `type` | for example `\"packName\": \"kubernetes\"`, `\"layer\": \"k8s\"` and `\"type\": \"optional\"`"
        ]
    );
    assert_eq!(
        dependency(r#""packname": "a", "layer": "k8s", "type": "required""#),
        [
            "7:34+1 constraint-invalid a dependency has no `packName` | rename `packname` to `packName` | 7:35 is this it?"
        ]
    );
    assert_eq!(
        dependency(r#""packName": "a", "layer": "", "type": "require""#),
        [
            "7:61+2 constraint-invalid the dependency on `a` has an empty `layer` | for example `\"layer\": \"k8s\"`",
            "7:73+9 constraint-invalid the dependency on `a` is of no known type: `require` | did you mean `required`?",
        ]
    );
    assert_eq!(
        dependency(r#""packName": "a", "layer": "infra", "type": "required""#),
        [
            "7:61+7 constraint-invalid the dependency on `a` is of no known layer: `infra` | one of kernel, os, k8s, cni, csi, addon"
        ]
    );
    assert_eq!(
        dependency(
            r#""packName": "a", "layer": "k8s", "type": "required", "minVersion": "1.30", "maxVersion": "1.9.7""#
        ),
        [
            "7:124+7 constraint-invalid the dependency on `a` fits no version: `maxVersion` 1.9.7 is below `minVersion` 1.30 | swap them, or leave one of them blank | 7:102 the least version"
        ]
    );
    assert_eq!(
        resource("\"minLimit\": 5"),
        ["7:31+1 constraint-invalid a resource has no `type` | for example `\"type\": \"cpu\"`"]
    );
    assert_eq!(
        resource("\"type\": \"CPU\", \"minLimit\": -5"),
        [
            "7:40+5 constraint-invalid a resource is of no known type: `CPU` | did you mean `cpu`?",
            "7:59+2 constraint-invalid `minLimit` asks for -5, and no cluster has less than nothing | millicores of cpu, Mi of memory or GB of diskSize, from 0 on",
        ]
    );
}

#[test]
fn nothing_is_missing_from_what_was_cut_off() {
    let text = GOOD.replace("\"all\"]\n", "\"all\"],\n\"constraints\": {\"dependencies\": [{\"packName\": \"a\"}]}\n");
    let end = text.find("}]}").expect("the dependency ends there");
    let told = told_in("demo", "2024-07-01", &text[..end]);
    assert!(told.len() == 1 && told[0].contains("metadata-syntax"), "{told:?}");
}
