//! How numbers, days and blobs are shown to people.

use std::time::{SystemTime, UNIX_EPOCH};

use spectro_pack::{artifact::media_type, store::Descriptor};

use crate::findings::line::escape;

/// Returns as much of a digest as tells it from others in a list.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
}

/// Returns how a blob is called: by its path in the pack, or by what it is.
pub(crate) fn blob(descriptor: &Descriptor) -> String {
    match (descriptor.title(), descriptor.media_type.as_str()) {
        (Some(title), _) => escape(title),
        (None, media_type::METADATA) => "pack.json".to_owned(),
        (None, media_type::UNKNOWN_CONFIG | media_type::EMPTY_CONFIG) => "config".to_owned(),
        (None, other) => escape(other),
    }
}

/// Returns a size with three digits at most, such as `148 KiB` or `1.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// Returns `1 error`, `2 errors`, `2 repositories`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match noun.strip_suffix("ry") {
        _ if number == 1 => format!("1 {noun}"),
        Some(stem) => format!("{number} {stem}ries"),
        None => format!("{number} {noun}s"),
    }
}

/// Returns today's date as `YYYY-MM-DD`, in UTC.
pub(crate) fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    date_of(seconds / 86_400)
}

/// Returns the date that many days after 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date_of(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_at_most() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KiB"),
            (10_189, "10 KiB"),
            (151_552, "148 KiB"),
            (1_023_487, "999 KiB"),
            (1_023_488, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn a_blob_is_called_by_its_path_or_by_what_it_is() {
        for (media_type, title, name) in [
            ("text/markdown", Some("notes/\u{1b}.md"), "notes/\\u{1b}.md"),
            (media_type::METADATA, None, "pack.json"),
            (media_type::UNKNOWN_CONFIG, None, "config"),
            (media_type::EMPTY_CONFIG, None, "config"),
            ("application/vnd.dev.sigstore.bundle.v0.3+json", None, "application/vnd.dev.sigstore.bundle.v0.3+json"),
        ] {
            let mut descriptor = Descriptor::of(media_type, b"{}");
            descriptor.annotations.extend(title.map(|title| (media_type::TITLE.to_owned(), title.to_owned())));
            assert_eq!(blob(&descriptor), name);
        }
    }

    #[test]
    fn days_become_dates() {
        for (days, date) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (19_903, "2024-06-29"), (20_514, "2026-03-02")]
        {
            assert_eq!(date_of(days), date);
        }
    }
}
