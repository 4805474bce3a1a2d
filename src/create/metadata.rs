//! pack.json of a new pack: two spaces, the fields in the order of the documentation.

use serde_json::{Value, json};

use crate::pack::ProfileLayer;

/// What a new pack says of itself.
#[derive(Clone, Debug)]
pub struct NewPack {
    /// Its name, which is also its repository's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its name for people.
    pub display_name: String,
    /// The layer of the cluster profile that it makes.
    pub layer: ProfileLayer,
    /// The kind of an add-on.
    pub addon_type: Option<String>,
    /// Where clusters may run that use it.
    pub cloud_types: Vec<String>,
    /// More about it, such as `description` and `docsURL`.
    pub annotations: Vec<(String, String)>,
    /// The chart archives, as paths in the pack.
    pub charts: Vec<String>,
    /// The manifests, as paths in the pack.
    pub manifests: Vec<String>,
    /// The Ansible roles, as paths in the pack.
    pub roles: Vec<String>,
}

impl NewPack {
    /// Returns the text of pack.json.
    pub fn to_json(&self) -> String {
        let mut members: Vec<(&str, Value)> = vec![
            ("name", json!(self.name)),
            ("displayName", json!(self.display_name)),
            ("version", json!(self.version)),
            ("layer", json!(self.layer.as_str())),
        ];
        if let Some(addon_type) = &self.addon_type {
            members.push(("addonType", json!(addon_type)));
        }
        members.push(("cloudTypes", json!(self.cloud_types)));
        if !self.annotations.is_empty() {
            members.push((
                "annotations",
                self.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect(),
            ));
        }
        let lists = [("charts", &self.charts), ("kubeManifests", &self.manifests), ("ansibleRoles", &self.roles)];
        members.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))));
        // One member a line: serde_json would sort them.
        let lines: Vec<_> = members
            .iter()
            .map(|(key, value)| {
                let value = format!("{value:#}").replace('\n', "\n  ");
                format!("  {}: {value}", json!(key))
            })
            .collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// Returns a name for people: `ingress-nginx` is `Ingress Nginx`.
    pub fn display_name_of(name: &str) -> String {
        let words = name.split(['-', '_', '.', '/']).filter(|word| !word.is_empty());
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
        };
        words.map(capital).collect::<Vec<_>>().join(" ")
    }
}
