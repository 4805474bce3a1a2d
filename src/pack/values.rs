//! Values as Helm merges them: a pack's over its charts' defaults, each value with the file it comes from.
//!
//! Nothing is copied: a tree of maps holds references into the texts. The rules are Helm's (`helm help install`, "values"): maps
//! are merged key by key, everything else replaces. A null deletes what stood there; here it stays as a null, so that the key is
//! still known.

use std::collections::BTreeMap;

use super::{chart::Chart, yaml::Node};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin<'a> {
    /// The file in the pack.
    pub(crate) file: &'a str,
    /// The file in that archive, where it is one.
    pub(crate) within: Option<&'a str>,
}

/// A value, and for those that are no map where it comes from.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Map(BTreeMap<&'a str, Value<'a>>),
    Leaf(&'a Node, Origin<'a>),
}

impl<'a> Value<'a> {
    /// Returns what a text says, without anything merged into it.
    pub(crate) fn of(node: &'a Node, origin: Origin<'a>) -> Self {
        if !node.is_mapping() {
            return Self::Leaf(node, origin);
        }
        Self::Map(node.members().map(|(key, _, value)| (key, Self::of(value, origin))).collect())
    }

    /// Returns the defaults of a chart with those of the charts within it under their keys, where its own win.
    pub(crate) fn defaults(chart: &'a Chart, archive: &'a str) -> Self {
        let mut values = Self::Map(BTreeMap::new());
        for (key, _, chart) in chart.dependencies() {
            let below = BTreeMap::from([(key, Self::defaults(chart, archive))]);
            values = values.merged(Self::Map(below));
        }
        match &chart.values {
            Some(own) => values.merged(Self::of(&own.root, Origin { file: archive, within: Some(&own.path) })),
            None => values,
        }
    }

    /// Returns it with other values merged over it.
    pub(crate) fn merged(self, over: Self) -> Self {
        match (self, over) {
            (Self::Map(mut under), Self::Map(over)) => {
                for (key, value) in over {
                    let value = match under.remove(key) {
                        Some(below) if !value.is_null() => below.merged(value),
                        _ => value,
                    };
                    under.insert(key, value);
                }
                Self::Map(under)
            }
            (_, over) => over,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Leaf(node, _) if node.is_null())
    }

    /// Returns the members of a map; none of anything else.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, &Self)> {
        let map = match self {
            Self::Map(map) => Some(map),
            Self::Leaf(..) => None,
        };
        map.into_iter().flatten().map(|(key, value)| (*key, value))
    }

    /// Returns a member of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            Self::Leaf(..) => None,
        }
    }

    /// Returns the value at a path of keys.
    pub(crate) fn at<S: AsRef<str>>(&self, path: &[S]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key.as_ref()))
    }

    /// Returns what it is where it is no map, and where that stands.
    pub(crate) fn leaf(&self) -> Option<(&'a Node, Origin<'a>)> {
        match self {
            Self::Leaf(node, origin) => Some((node, *origin)),
            Self::Map(_) => None,
        }
    }

    /// Returns whether a template's `if` takes it for true: not null, false, 0, nor empty.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Map(map) => !map.is_empty(),
            Self::Leaf(node, _) => match node.scalar() {
                Some(text) => {
                    let zero = node.is_number() && text.parse::<f64>().is_ok_and(|number| number == 0.0);
                    !(node.is_null() || node.boolean() == Some(false) || text.is_empty() || zero)
                }
                None => !node.items().is_empty() || node.is_mapping(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::yaml;

    fn parse(text: &str) -> Node {
        yaml::parse(text).unwrap().root.unwrap()
    }

    fn flat(value: &Value<'_>, path: &str, into: &mut Vec<String>) {
        match value {
            Value::Leaf(node, origin) => into.push(format!("{path}={} {}", node.scalar().unwrap_or("[]"), origin.file)),
            Value::Map(map) if map.is_empty() => into.push(format!("{path}={{}}")),
            Value::Map(map) => map.iter().for_each(|(key, value)| flat(value, &format!("{path}.{key}"), into)),
        }
    }

    #[test]
    fn maps_are_merged_and_a_null_stays() {
        let (under, over) = (
            parse("a: {x: 1, y: 2}\nb: [1]\nc: {z: 1}\nd: 4\n"),
            parse("a: {y: 3, w: 4}\nb: [2]\nc: ~\nd: {e: 5}\nf: ~\n"),
        );
        let of = |node, file| Value::of(node, Origin { file, within: None });
        let merged = of(&under, "chart").merged(of(&over, "pack"));
        let mut told = Vec::new();
        flat(&merged, "", &mut told);
        assert_eq!(
            told,
            [".a.w=4 pack", ".a.x=1 chart", ".a.y=3 pack", ".b=[] pack", ".c=~ pack", ".d.e=5 pack", ".f=~ pack"]
        );
        assert!(merged.at(&["a", "w"]).is_some_and(Value::is_true));
        assert!(merged.at(&["c", "z"]).is_none());
    }

    #[test]
    fn what_an_if_takes_for_true() {
        let values = parse("t: [1, a, 'false', {a: 1}, [1], yes]\nf: [0, '', ~, {}, [], no, false, 0.0]\n");
        let origin = Origin { file: "a", within: None };
        let truth = |key| values.get(key).unwrap().items().iter().map(move |node| Value::of(node, origin).is_true());
        assert!(truth("t").all(|is| is), "{:?}", truth("t").collect::<Vec<_>>());
        assert!(truth("f").all(|is| !is), "{:?}", truth("f").collect::<Vec<_>>());
    }
}
