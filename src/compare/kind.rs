//! What a file is to a comparison, by its name.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Perhaps a chart: its content tells.
    Chart,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Anything else.
    Other,
}

impl FileKind {
    /// Returns what a file with this path is.
    pub(super) fn of(path: &str) -> Self {
        match path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) {
            Some((_, "tgz")) => Self::Chart,
            Some((name, "gz")) if name.rsplit_once('.').is_some_and(|(_, end)| end == "tar") => Self::Chart,
            Some((_, "json")) => Self::Json,
            Some((_, "yaml" | "yml")) => Self::Yaml,
            _ => Self::Other,
        }
    }

    /// Returns whether its content is looked at even if no text diff is wanted.
    pub(super) fn is_looked_into(self) -> bool {
        self != Self::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells() {
        for (path, kind) in [
            ("charts/a-1.0.tgz", FileKind::Chart),
            ("a.tar.gz", FileKind::Chart),
            ("pack.json", FileKind::Json),
            ("a.b/c.yml", FileKind::Yaml),
            ("a.json/b", FileKind::Other),
            ("a.gz", FileKind::Other),
            ("README", FileKind::Other),
        ] {
            assert_eq!(FileKind::of(path), kind, "{path}");
        }
    }
}
