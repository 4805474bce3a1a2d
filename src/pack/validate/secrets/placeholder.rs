//! Words that stand where a secret will be: none of them is one.

/// Returns whether a text is a placeholder.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let begins = |words: &[&str]| words.iter().any(|word| letters.starts_with(word));
    letters.is_empty()
        || text.contains("{{")
        || text.contains("${")
        || text.contains("$(")
        || (text.contains('<') && text.contains('>'))
        || lower.contains("...")
        || begins(&[
            "change",
            "replace",
            "your",
            "example",
            "placeholder",
            "dummy",
            "insert",
            "todo",
            "fixme",
            "redacted",
        ])
        || lower.starts_with("my-")
        || lower.starts_with("my_")
        || matches!(
            letters.as_str(),
            "password" | "passwd" | "pass" | "secret" | "token" | "none" | "null" | "true" | "false"
        )
        || (letters.len() < 5 && letters.bytes().all(|byte| byte.is_ascii_digit()))
        || is_one_letter(&letters)
}

fn is_one_letter(letters: &str) -> bool {
    let mut bytes = letters.bytes();
    let first = bytes.next();
    bytes.all(|byte| Some(byte) == first)
}

/// Returns how many bits of surprise a letter of a text has on average (Shannon): 3 and more for random tokens.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX).max(1));
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}
