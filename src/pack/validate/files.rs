//! The files around the parts of a pack: readme-missing and file-left-out.

use crate::pack::{
    directory::{IGNORE_FILE, Listing},
    path::PackPath,
    report::{Code, Finding},
};

/// The file that is shown as a pack's description.
const README: &str = "README.md";

/// How many of the files that are left out are named.
const NAMED: usize = 5;

/// Tells where nothing describes the pack. `named` is the file that pack.json says does.
pub(super) fn check_readme(named: Option<&str>, listing: &Listing, findings: &mut Vec<Finding>) {
    let is = |path: &PackPath| path.as_str() == README;
    let is_named = |path: &PackPath| named.and_then(|named| named.parse().ok()).as_ref() == Some(path);
    // A link is told as one.
    if listing.files.iter().any(|path| is(path) || is_named(path)) || listing.links.iter().any(is) {
        return;
    }
    let finding = Finding::new(Code::ReadmeMissing, format!("there is no `{README}`"));
    let at_top = |path: &&PackPath| path.parent().is_none();
    let is_like = |path: &&PackPath| {
        let name = path.as_str().to_lowercase();
        matches!(name.as_str(), "readme" | "readme.md" | "readme.txt" | "readme.markdown" | "readme.rst")
    };
    findings.push(if listing.left_out.iter().any(is) {
        finding.hint(format!("`{README}` is left out by `{IGNORE_FILE}`: delete the pattern, or add `!/{README}`"))
    } else if let Some(other) = listing.files.iter().filter(at_top).find(is_like) {
        finding.hint(format!("rename `{other}` to `{README}`"))
    } else {
        finding.hint("say there what the pack does, what it needs, and which values matter")
    });
}

/// Tells in one finding what of the folder is not taken into the pack.
pub(super) fn check_left_out(listing: &Listing, findings: &mut Vec<Finding>) {
    let Some(first) = listing.left_out.first() else { return };
    let shown: Vec<_> = listing.left_out.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    let message = match &listing.left_out[..] {
        [one] => format!("`{one}` is left out of the pack"),
        [.., last] if listing.left_out.len() <= NAMED => {
            format!("{} and `{last}` are left out of the pack", shown[..shown.len() - 1].join(", "))
        }
        all => format!("{} and {} more are left out of the pack", shown.join(", "), all.len() - NAMED),
    };
    let is_ignore_file = |path: &PackPath| path.as_str() == IGNORE_FILE;
    let has_patterns = listing.files.iter().chain(&listing.left_out).any(is_ignore_file);
    let why = if has_patterns { format!("by `{IGNORE_FILE}` or by default") } else { "by default".into() };
    let hint =
        format!("{why}; what belongs to the pack is taken in with a line such as `!/{first}` in `{IGNORE_FILE}`");
    let finding = Finding::new(Code::FileLeftOut, message).hint(hint);
    findings.push(match &listing.left_out[..] {
        [one] => finding.in_file(one.as_str()),
        _ => finding,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<PackPath> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn told(check: impl Fn(&mut Vec<Finding>)) -> Vec<String> {
        let mut findings = Vec::new();
        check(&mut findings);
        findings.iter().map(|finding| format!("{} | {}", finding.message, finding.hint.as_deref().unwrap())).collect()
    }

    #[test]
    fn a_readme_is_looked_for_under_its_name_only() {
        let none: [String; 0] = [];
        let of = |files: &[&str], left_out: &[&str], named| {
            let listing = Listing { files: paths(files), left_out: paths(left_out), ..Listing::default() };
            told(|findings| check_readme(named, &listing, findings))
        };
        assert_eq!(of(&["README.md"], &[], None), none);
        assert_eq!(of(&["docs/guide.md"], &[], Some("./docs/guide.md")), none);
        assert_eq!(of(&["readme.md"], &[], None), ["there is no `README.md` | rename `readme.md` to `README.md`"]);
        assert_eq!(
            of(&[], &["README.md"], Some("guide.md")),
            [
                "there is no `README.md` | `README.md` is left out by `.packignore`: delete the pattern, or add `!/README.md`"
            ]
        );
        assert_eq!(
            of(&["docs/README.md", "README.html"], &[], None),
            ["there is no `README.md` | say there what the pack does, what it needs, and which values matter"]
        );
    }

    #[test]
    fn what_is_left_out_is_one_finding() {
        let of = |left_out: &[&str]| {
            let listing = Listing { left_out: paths(left_out), ..Listing::default() };
            told(|findings| check_left_out(&listing, findings))
        };
        let none: [String; 0] = [];
        let hint = |path: &str| {
            format!("by default; what belongs to the pack is taken in with a line such as `!/{path}` in `.packignore`")
        };
        assert_eq!(of(&[]), none);
        assert_eq!(of(&[".git"]), [format!("`.git` is left out of the pack | {}", hint(".git"))]);
        assert_eq!(of(&["a~", "b~"]), [format!("`a~` and `b~` are left out of the pack | {}", hint("a~"))]);
        let many = of(&["a~", "b~", "c~", "d~", "e~", "f~", "g~"]);
        assert_eq!(
            many,
            [format!("`a~`, `b~`, `c~`, `d~`, `e~` and 2 more are left out of the pack | {}", hint("a~"))]
        );
    }
}
