//! Chart.yaml: the name, the versions and the dependencies, which charts of the first kind have in requirements.yaml.

use super::{Fault, archive::Found};
use crate::pack::yaml::{self, Node};

/// What Chart.yaml says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) app_version: Option<String>,
    /// Whether it only lends templates to others.
    pub(crate) library: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A chart that another one needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    /// Paths in the values, of which the first that is there turns the chart on or off.
    pub(crate) conditions: Vec<String>,
    pub(crate) tags: Vec<String>,
    /// Whether values of it are copied up into the chart that needs it.
    pub(crate) imports_values: bool,
}

impl Dependency {
    /// Returns the key of its values.
    pub(crate) fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

impl Metadata {
    pub(super) fn read(found: &Found<'_>) -> Result<Self, Fault> {
        let Found { path, content } = found;
        let content = content.as_ref().map_err(|size| Fault::new(format!("has a {path} of {size} bytes")))?;
        let text = std::str::from_utf8(content).map_err(|_| Fault::new(format!("has a {path} that is not UTF-8")))?;
        let document = yaml::parse(text).map_err(|problem| {
            let (line, column) = (problem.position.line, problem.position.column);
            Fault::new(format!("has a {path} that is not YAML: {} (line {line}, column {column})", problem.message))
        })?;
        let root = document.root.as_ref();
        let required =
            |field| {
                let value = root.and_then(|root| root.get(field)).filter(|value| !value.is_null());
                let value = value.ok_or_else(|| Fault::new(format!("has a {path} without `{field}`")))?;
                value.string().filter(|text| !text.trim().is_empty()).map(str::to_owned).ok_or_else(|| {
                    Fault::new(format!("has a {path} whose `{field}` is no text")).hint("put it in quotes")
                })
            };
        let text = |field: &str| root.and_then(|root| root.get(field)?.scalar());
        Ok(Self {
            name: required("name")?,
            version: required("version")?,
            app_version: text("appVersion").map(str::to_owned),
            library: text("type") == Some("library"),
            dependencies: root.map(dependencies).unwrap_or_default(),
        })
    }

    /// Adds what requirements.yaml says, where Chart.yaml has no dependencies.
    pub(super) fn with_requirements(mut self, text: &str) -> Self {
        if self.dependencies.is_empty()
            && let Some(root) = yaml::parse(text).ok().and_then(|document| document.root)
        {
            self.dependencies = dependencies(&root);
        }
        self
    }
}

fn dependencies(root: &Node) -> Vec<Dependency> {
    let list = root.get("dependencies").map(Node::items).unwrap_or_default();
    let text = |node: &Node, field: &str| node.get(field).and_then(Node::scalar).map(str::to_owned);
    let dependency = |node: &Node| {
        let conditions = text(node, "condition").unwrap_or_default();
        let tags = node.get("tags").map(Node::items).unwrap_or_default();
        Some(Dependency {
            name: text(node, "name")?,
            alias: text(node, "alias").filter(|alias| !alias.is_empty()),
            conditions: conditions
                .split(',')
                .map(str::trim)
                .filter(|path| !path.is_empty())
                .map(str::to_owned)
                .collect(),
            tags: tags.iter().filter_map(|tag| tag.scalar().map(str::to_owned)).collect(),
            imports_values: node.get("import-values").is_some_and(|values| !values.items().is_empty()),
        })
    };
    list.iter().filter_map(dependency).collect()
}
