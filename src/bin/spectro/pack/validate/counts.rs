//! How much was found, in words.

use spectro_pack::pack::Report;

use crate::format;

/// How much was found.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
    /// The packs with errors or warnings.
    faulty: usize,
    packs: usize,
}

impl Counts {
    pub(super) fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        reports.into_iter().fold(Self::default(), |counts, report| Self {
            errors: counts.errors + report.errors(),
            warnings: counts.warnings + report.warnings(),
            notes: counts.notes + report.notes(),
            faulty: counts.faulty + usize::from(report.errors() + report.warnings() > 0),
            packs: counts.packs + 1,
        })
    }

    /// Returns the line that ends the result: nothing where no pack was checked.
    pub(super) fn summary(&self) -> String {
        let packs = format::count(self.packs, "pack");
        let notes = if self.notes == 0 { String::new() } else { format!(" ({})", format::count(self.notes, "note")) };
        match (self.packs, self.faulty, self.notes) {
            (0, ..) => String::new(),
            (_, 0, 0) => format!("no findings in {packs}"),
            (_, 0, _) => format!("no errors or warnings in {packs}{notes}"),
            (_, faulty, _) => {
                let fine = match self.packs - faulty {
                    0 => String::new(),
                    1 => "; 1 pack is fine".to_owned(),
                    fine => format!("; {fine} packs are fine"),
                };
                format!("{} in {}{notes}{fine}", self.serious(), format::count(faulty, "pack"))
            }
        }
    }

    /// Returns `1 error, 2 warnings, 1 note` without what there is none of.
    pub(super) fn all(&self) -> String {
        listed(&[(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")])
    }

    fn serious(&self) -> String {
        listed(&[(self.errors, "error"), (self.warnings, "warning")])
    }
}

fn listed(parts: &[(usize, &str)]) -> String {
    let there = parts.iter().filter(|(number, _)| *number > 0);
    there.map(|(number, noun)| format::count(*number, noun)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_what_is_wrong_and_what_is_fine() {
        let summary =
            |errors, warnings, notes, faulty, packs| Counts { errors, warnings, notes, faulty, packs }.summary();
        assert_eq!(summary(0, 0, 0, 0, 0), "");
        assert_eq!(summary(0, 0, 0, 0, 1), "no findings in 1 pack");
        assert_eq!(summary(0, 0, 2, 0, 3), "no errors or warnings in 3 packs (2 notes)");
        assert_eq!(summary(1, 1, 0, 1, 1), "1 error, 1 warning in 1 pack");
        assert_eq!(summary(0, 3, 1, 2, 3), "3 warnings in 2 packs (1 note); 1 pack is fine");
        assert_eq!(summary(2, 1, 0, 3, 171), "2 errors, 1 warning in 3 packs; 168 packs are fine");
    }
}
