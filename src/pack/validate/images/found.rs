//! The images that values name, as far as that can be told without rendering.
//!
//! Seen are `image: x:y`, `image: {registry, repository, tag, digest}`, `image` or `name` beside a `tag`, lists called `images`,
//! `imageEnvoy: x/y:1`, and the `RELATED_IMAGE_*` of operators; a registry for all images stands in `global`. What templates do not use, what is turned off and what lacks its host is not one: each
//! of these conditions was measured on real packs against what `helm template` renders.

use super::reference::ImageName;
use crate::pack::{
    chart::Chart,
    report::Position,
    validate::uses::{Live, Uses, ValuePath},
    values::{Origin, Value},
    yaml::Node,
};

/// An image that something names.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) name: ImageName,
    pub(super) host: Host,
    pub(super) origin: Origin<'a>,
    pub(super) position: Position,
    pub(super) length: usize,
}

/// Where the host in a name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The text names it.
    Own,
    /// The text implies Docker's.
    Implied,
    /// It stands in a value for all images; whether templates put it in front of this one is not certain.
    OfAll,
}

impl Host {
    pub(super) fn of(text: &str) -> Self {
        let is_named = text.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
        if is_named { Self::Own } else { Self::Implied }
    }
}

/// Finds the images in the values of one chart or manifest.
pub(super) struct Finder<'a, 'b> {
    pub(super) values: &'b Value<'a>,
    pub(super) uses: &'b Uses,
    /// Where the values of charts lie that are turned off.
    pub(super) off: Vec<ValuePath>,
    pub(super) found: Vec<Found<'a>>,
    pub(super) live: Live,
}

/// A value and where it comes from.
type Leaf<'a> = (&'a Node, Origin<'a>);

/// The values that make up a name.
struct Parts<'a> {
    registry: Option<Leaf<'a>>,
    folder: Option<Leaf<'a>>,
    name: Leaf<'a>,
    tag: Option<Leaf<'a>>,
    digest: Option<Leaf<'a>>,
}

const FIELDS: [&str; 6] = ["repository", "tag", "image", "registry", "digest", "version"];
/// Where charts have the registry of all images that name none themselves.
const GLOBAL_HOSTS: [&[&str]; 3] =
    [&["global", "imageRegistry"], &["global", "image", "registry"], &["global", "registry"]];
const SWITCHES: [&str; 5] = ["enabled", "enable", "create", "install", "deploy"];

impl<'a> Finder<'a, '_> {
    pub(super) fn run(mut self) -> Vec<Found<'a>> {
        let values = self.values;
        self.map(values, &mut Vec::new());
        self.found
    }

    fn map(&mut self, map: &Value<'a>, path: &mut Vec<&'a str>) {
        let is_off = |switch: &&str| map.get(switch).is_some_and(|value| is_false(value));
        let here = ValuePath::new(&*path);
        if SWITCHES.iter().any(is_off) || self.off.iter().any(|off| here.is_within(off)) {
            return;
        }
        let text = |key: &str| text(map.get(key)?);
        let (registry, digest) = (text("registry"), text("digest"));
        let tag = text("tag").or_else(|| text("version"));
        let in_images = path.last().is_some_and(|key| key.to_ascii_lowercase().contains("image"));
        let bare = text("image").filter(|(node, _)| node.scalar().is_some_and(|text| !text.contains(['/', ':'])));
        let folder = text("repository").filter(|_| bare.is_some());
        let named = text("name").filter(|_| in_images && tag.is_some());
        // `repository: quay.io/team` may stand beside `image: server`.
        if let Some(name) = bare.filter(|_| folder.is_some()).or_else(|| text("repository")).or(named) {
            self.joined(&here, &Parts { registry, folder, name, tag, digest });
        }
        for (key, value) in map.members().filter(|(key, _)| folder.is_none() || *key != "image") {
            path.push(key);
            match value {
                Value::Map(_) => self.map(value, path),
                Value::Leaf(node, origin) => {
                    let lower = key.to_ascii_lowercase();
                    let in_images = path.len() > 1 && path[path.len() - 2] == "images";
                    match self::text(value) {
                        _ if lower == "images" || !node.items().is_empty() => {
                            self.list(key, node.items(), *origin, path);
                        }
                        Some(name) if lower.ends_with("image") => {
                            let tag = tag.filter(|_| lower == "image");
                            let used = if tag.is_some() { here.clone() } else { ValuePath::new(&*path) };
                            self.joined(&used, &Parts { registry, folder: None, name, tag, digest: None });
                        }
                        Some(name) if in_images || lower.contains("image") => self.plain(&ValuePath::new(&*path), name),
                        _ => {}
                    }
                }
            }
            path.pop();
        }
    }

    /// Looks at a list: names of images in `images`, and whatever maps it holds.
    fn list(&mut self, key: &str, items: &'a [Node], origin: Origin<'a>, path: &mut Vec<&'a str>) {
        for item in items {
            let related =
                item.get("name").and_then(Node::scalar).is_some_and(|name| name.starts_with("RELATED_IMAGE_"));
            let value = if related { item.get("value") } else { Some(item).filter(|_| key == "images") };
            if let Some(node) = value.filter(|node| node.string().is_some()) {
                self.plain(&ValuePath::new(&*path), (node, origin));
            } else if item.is_mapping() {
                let named = item.members().filter(|(key, ..)| key.to_ascii_lowercase().ends_with("image"));
                for (_, _, node) in named.filter(|(_, _, value)| value.string().is_some()) {
                    self.plain(&ValuePath::new(&*path), (node, origin));
                }
            }
        }
    }

    /// Takes a name that stands alone, where it has a host or path and a tag or digest.
    fn plain(&mut self, used: &ValuePath, (node, origin): Leaf<'a>) {
        let text = node.scalar().unwrap_or_default();
        if let Some(name) = ImageName::parse(text)
            && text.contains('/')
            && (name.tag.is_some() || name.digest.is_some())
        {
            self.add(used, Host::of(text), name, (node, origin));
        }
    }

    /// Takes a name whose parts stand in several values.
    fn joined(&mut self, used: &ValuePath, parts: &Parts<'a>) {
        let Parts { registry, folder, name, tag, digest } = *parts;
        let scalar = |leaf: Option<Leaf<'a>>| leaf.and_then(|(node, _)| node.scalar()).filter(|text| !text.is_empty());
        let before = [registry, folder].into_iter().filter_map(scalar).map(|part| part.trim_end_matches('/'));
        let mut text = before.chain(scalar(Some(name))).collect::<Vec<_>>().join("/");
        let has_own_tag = ImageName::parse(&text).is_some_and(|name| name.tag.is_some() || name.digest.is_some());
        // A bare name waits for a host that stands elsewhere; with a tag of its own it is whole.
        if !text.contains('/') && !has_own_tag {
            return;
        }
        if !has_own_tag {
            match scalar(tag).map(|tag| tag.trim_start_matches([':', '@'])) {
                Some(tag) if tag.starts_with("sha256:") => text = format!("{text}@{tag}"),
                Some(tag) => text = format!("{text}:{tag}"),
                None => {}
            }
            if let Some(digest) = scalar(digest) {
                let prefix = if digest.contains(':') { "" } else { "sha256:" };
                text = format!("{text}@{prefix}{digest}");
            }
        }
        let mut host = Host::of(&text);
        if host == Host::Implied
            && scalar(registry).is_none()
            && let Some(of_all) = self.host_for_all(used)
        {
            text = format!("{of_all}/{text}");
            host = Host::OfAll;
        }
        let Some(found) = ImageName::parse(&text) else { return };
        // The line that its author would change: in the pack's own values where one is there.
        let leaves = [tag, Some(name), folder, digest, registry].into_iter().flatten();
        let place = leaves.min_by_key(|(_, origin)| origin.within.is_some()).unwrap_or(name);
        self.add(used, host, found, place);
    }

    /// Returns the registry that a chart, or one around it, has for all images that name none.
    fn host_for_all(&self, used: &ValuePath) -> Option<&'a str> {
        let parts: Vec<_> = used.parts().collect();
        let places = (0..=parts.len()).flat_map(|depth| GLOBAL_HOSTS.map(|path| [&parts[..depth], path].concat()));
        let mut hosts = places.filter_map(|path| text(self.values.at(&path)?)?.0.scalar());
        hosts.find(|host| ImageName::parse(&format!("{host}/x")).is_some())
    }

    fn add(&mut self, used: &ValuePath, host: Host, name: ImageName, (node, origin): Leaf<'a>) {
        if self.uses.is_live(used, &FIELDS, self.values, &mut self.live) {
            self.found.push(Found { name, host, origin, position: node.position, length: node.span.len() });
        }
    }
}

fn text<'a>(value: &Value<'a>) -> Option<Leaf<'a>> {
    value.leaf().filter(|(node, _)| !node.is_null() && node.scalar().is_some_and(|text| !text.is_empty()))
}

fn is_false(value: &Value<'_>) -> bool {
    value.leaf().is_some_and(|(node, _)| node.boolean() == Some(false))
}

/// Returns where the values of charts lie that conditions or tags turn off.
pub(super) fn turned_off(chart: &Chart, values: &Value<'_>) -> Vec<ValuePath> {
    let mut off = Vec::new();
    collect_off(chart, values, &mut Vec::new(), &mut off);
    off
}

fn collect_off<'a>(chart: &'a Chart, values: &Value<'_>, path: &mut Vec<&'a str>, off: &mut Vec<ValuePath>) {
    for (key, declared, below) in chart.dependencies() {
        let switch = |condition: &String| {
            let parts: Vec<&str> = path.iter().copied().chain(condition.split('.')).collect();
            values.at(&parts)?.leaf()?.0.boolean()
        };
        let tag = |tag: &String| values.at(&["tags", tag.as_str()])?.leaf()?.0.boolean();
        let is_on = declared.is_none_or(|declared| {
            declared.conditions.iter().find_map(switch).unwrap_or_else(|| {
                let tags: Vec<_> = declared.tags.iter().filter_map(tag).collect();
                tags.is_empty() || tags.contains(&true)
            })
        });
        path.push(key);
        if is_on {
            collect_off(below, values, path, off);
        } else {
            off.push(ValuePath::new(&*path));
        }
        path.pop();
    }
}
