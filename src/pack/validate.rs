//! Reads every file of a pack once and runs every rule on it; nothing stops at the first finding.
//!
//! The rules are in the files below, one a subject. A rule gets what it is about and a list to put findings in.

pub(crate) mod allow;
mod chart_versions;
mod charts;
mod constraints;
mod fields;
mod files;
mod images;
mod keys;
pub(crate) mod logo;
mod macros;
mod manifests;
mod material;
pub(crate) mod metadata;
pub(crate) mod nearest;
mod presets;
mod reader;
mod references;
mod resources;
mod roles;
mod rules;
mod schema;
mod secrets;
mod templates;
#[cfg(test)]
mod testing;
mod unused;
mod uses;
pub(crate) mod values;

use std::{collections::BTreeMap, fmt::Write as _};

use bytes::Bytes;

use self::reader::{Reader, ignore_file};
use super::{
    PackFile, PackPath, chart,
    directory::{Directory, Listing},
    images::{ImageTexts, Images},
    metadata::PackMetadata,
    report::{Code, Finding},
};

pub(crate) use metadata::Surroundings;

/// The most bytes of a pack.json.
const LARGEST_METADATA: u64 = 1 << 20;

/// The most bytes of any other text that is parsed.
const LARGEST_TEXT: u64 = 16 << 20;

/// How many findings of one rule are told of one file: who has repaired these sees the next.
const MOST_OF_A_KIND: usize = 100;

/// What was read of a pack's folder.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) findings: Vec<Finding>,
    pub(crate) listing: Listing,
    /// Every file that could be read, by its path.
    pub(crate) files: Vec<PackFile>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) metadata: Option<PackMetadata>,
    pub(crate) metadata_bytes: Vec<u8>,
    pub(crate) logo_media_type: &'static str,
    pub(crate) images: Images,
}

/// Reads and validates everything in a pack's folder.
pub(crate) fn run(directory: &Directory, surroundings: &Surroundings) -> Contents {
    let mut findings = Vec::new();
    let ignored = ignore_file(directory, &mut findings);
    let patterns = ignored.as_ref().map_or(&[][..], |(_, bytes)| bytes);
    let listing = directory.list(patterns, &mut findings);
    let mut reader = Reader { directory, listing: &listing, findings, files: BTreeMap::new() };
    if let Some((file, _)) = ignored {
        reader.files.insert(file.path.clone(), file);
    }
    let metadata_bytes = reader.text(metadata::FILE, Code::MetadataMissing, Code::MetadataSyntax, LARGEST_METADATA);
    let declared = match &metadata_bytes {
        Some(bytes) => metadata::read(bytes, surroundings, &mut reader.findings),
        None => metadata::Declared::default(),
    };
    references::check(&declared.references, &listing, &mut reader.findings);
    roles::check(&declared.references, &listing, &mut reader.findings);
    if declared.references_are_all {
        unused::check(&declared.references, &declared.misnamed, &listing, &mut reader.findings);
    }
    if metadata_bytes.is_some() {
        files::check_readme(declared.readme.as_deref(), &listing, &mut reader.findings);
    }
    files::check_left_out(&listing, &mut reader.findings);
    let mut parts = rules::Parts {
        values: reader.text(values::FILE, Code::ValuesMissing, Code::ValuesSyntax, LARGEST_TEXT),
        presets: reader.optional(presets::FILE, Code::PresetInvalid),
        schema: reader.optional(schema::FILE, Code::SchemaInvalid),
        references: (declared.references_are_all && declared.misnamed.is_empty()).then(|| declared.references.clone()),
        ..rules::Parts::default()
    };
    let logo_media_type = reader.logo();
    for path in references::paths(&declared.references, references::List::Charts) {
        parts.charts.extend(reader.chart(&path).map(|chart| (path, chart)));
    }
    for path in references::paths(&declared.references, references::List::KubeManifests) {
        let bytes = reader.optional(path.as_str(), Code::ManifestSyntax);
        parts.manifests.extend(bytes.map(|bytes| (path, bytes)));
    }
    reader.rest();
    parts.metadata.clone_from(&metadata_bytes);
    let Reader { mut findings, mut files, .. } = reader;
    let images = rules::check(&parts, declared.metadata.as_ref(), &mut findings);
    files.retain(|path, _| listing.files.binary_search(path).is_ok());
    Contents {
        findings: at_most(findings),
        files: files.into_values().collect(),
        name: declared.name,
        version: declared.version,
        metadata: declared.metadata,
        metadata_bytes: metadata_bytes.unwrap_or_default(),
        logo_media_type,
        listing,
        images,
    }
}

/// Returns the images of texts that are no whole pack.
pub(crate) fn images_of(texts: &ImageTexts) -> Images {
    let open = |(path, bytes): &(PackPath, Bytes)| Some((path.clone(), chart::open(&mut bytes.as_ref(), |_| ()).ok()?));
    let parts = rules::Parts {
        values: texts.values.clone(),
        charts: texts.charts.iter().filter_map(open).collect(),
        manifests: texts.manifests.iter().map(|(path, bytes)| (path.clone(), bytes.to_vec())).collect(),
        ..rules::Parts::default()
    };
    rules::check(&parts, None, &mut Vec::new())
}

/// Returns the name of an image in the form in which names are compared; what is no name as it is.
pub(crate) fn familiar_name(text: &str) -> String {
    images::familiar(text)
}

/// Returns where in a text something has the shape of a secret, whatever its key.
pub(crate) fn secret_shapes(text: &str) -> Vec<std::ops::Range<usize>> {
    secrets::shapes_in(text)
}

/// Keeps the first findings of each rule in each file, the last of which says how many there are more.
fn at_most(mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() <= MOST_OF_A_KIND {
        return findings;
    }
    findings.sort_by(|a, b| (&a.file, a.code, a.position).cmp(&(&b.file, b.code, b.position)));
    let alike = findings.chunk_by(|a, b| (&a.file, a.code) == (&b.file, b.code));
    let cut = |alike: &[Finding]| {
        let mut kept = alike[..alike.len().min(MOST_OF_A_KIND)].to_vec();
        if let Some(last) = kept.last_mut().filter(|_| alike.len() > MOST_OF_A_KIND) {
            write!(last.message, " (and {} more findings like this)", alike.len() - MOST_OF_A_KIND)
                .expect("a String takes all");
        }
        kept
    };
    alike.flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::report::Position;

    #[test]
    fn what_comes_a_thousand_times_is_counted() {
        let finding =
            |line| Finding::new(Code::FieldType, "m").in_file("pack.json").at(Position { line, column: 1 }, 1);
        let other = Finding::new(Code::LogoMissing, "other");
        let all: Vec<_> = (1..=1000).rev().map(finding).chain([other.clone()]).collect();
        let kept = at_most(all);
        assert_eq!((kept.len(), &kept[0]), (MOST_OF_A_KIND + 1, &other));
        assert_eq!(kept[1].position.unwrap().line, 1);
        assert_eq!(kept[MOST_OF_A_KIND].message, "m (and 900 more findings like this)");
        assert_eq!(at_most(vec![finding(1)]), [finding(1)]);
    }
}
