//! "Did you mean": the known word that is nearest to one that is not known.

/// Returns the candidate that differs by two letters at most, or by one in a short word. Case, `-`, `_` and spaces don't count.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|next| !matches!(next, '-' | '_' | ' ')).flat_map(char::to_lowercase).take(40).collect()
    };
    let word = plain(word);
    let most = if word.len() < 5 { 1 } else { 2 };
    let near = candidates.into_iter().map(|candidate| (distance(&word, &plain(candidate)), candidate));
    near.filter(|(distance, candidate)| *distance <= most && *distance < candidate.len() / 2 + 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters must be put in, taken out or changed (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let cost = usize::from(left != right) + diagonal;
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_no_far_one() {
        let layers = ["kernel", "os", "k8s", "cni", "csi", "addon"];
        for (word, expected) in [
            ("Addon", Some("addon")),
            ("add-on", Some("addon")),
            ("adon", Some("addon")),
            ("OS", Some("os")),
            ("kernal", Some("kernel")),
            ("infra", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, layers), expected, "{word}");
        }
        assert_eq!(nearest("cloudType", ["cloudTypes", "charts"]), Some("cloudTypes"));
        assert_eq!(nearest("display_name", ["displayName"]), Some("displayName"));
    }
}
