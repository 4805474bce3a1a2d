//! The end of a pack's life: eol-invalid, and eol-passed where the day is known that it is compared with.

use super::{Fields, Finding};
use crate::pack::{
    day::{Day, InvalidDay},
    report::Code,
};

/// Tells where the end of life is no day, or is over. A blank one is usual.
pub(super) fn check(eol: &str, today: Option<Day>, fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    if eol.trim().is_empty() {
        return;
    }
    match eol.trim().parse::<Day>() {
        Ok(_) if eol != eol.trim() => {
            let message = format!("the end of life `{eol}` has spaces around it");
            let finding = fields.finding_of_value("eol", Code::EolInvalid, message);
            findings.push(finding.hint(format!("write `{}`", eol.trim())));
        }
        Ok(day) if today.is_some_and(|today| day < today) => {
            let finding = fields.finding_of_value("eol", Code::EolPassed, format!("the pack's life ended on {day}"));
            findings.push(finding.hint("offer a newer version, or move the day"));
        }
        Ok(_) => {}
        Err(error) => {
            let message = format!("the end of life {error}");
            let hint = match repaired(eol.trim()) {
                Some(day) => format!("write `{day}`"),
                None if matches!(error, InvalidDay::Calendar(_)) => "write the last day of its month, perhaps".into(),
                None => "for example `2028-04-30`, or `\"\"` where there is no such day".into(),
            };
            findings.push(fields.finding_of_value("eol", Code::EolInvalid, message).hint(hint));
        }
    }
}

/// Returns the day that is meant, where it can be only one: the year is first, or the day is above 12.
fn repaired(text: &str) -> Option<Day> {
    let date = text.split_once('T').map_or(text, |(date, _)| date);
    let numbers: Option<Vec<u16>> = date.split(['-', '/', '.']).map(|part| part.parse().ok()).collect();
    let (year, month, day) = match *numbers? {
        [year, month, day] if year > 31 => (year, month, day),
        [day, month, year] if day > 12 && year > 31 => (year, month, day),
        [month, day, year] if day > 12 && year > 31 => (year, month, day),
        _ => return None,
    };
    let is_year = (1900..=9999).contains(&year);
    Day::new(year, month.try_into().ok()?, day.try_into().ok()?).filter(|_| is_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_mended_only_where_it_can_be_only_one() {
        let mended = |text| repaired(text).map(|day| day.to_string());
        for text in ["2028/04/30", "2028-4-30", "30.04.2028", "04/30/2028", "2028-04-30T00:00:00Z"] {
            assert_eq!(mended(text).as_deref(), Some("2028-04-30"), "{text}");
        }
        for text in ["04/05/2028", "April 2028", "2028", "2028-02-30", "28-04-30", "2028-300-300", "99999-01-01"] {
            assert_eq!(mended(text), None, "{text}");
        }
    }
}
