//! A day of the calendar, as pack.json writes the end of a pack's life: `2028-04-30`.
//!
//! Which day it is today is not known here: it comes in through [`super::ReadOptions`].

use std::{fmt, str::FromStr};

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDay {
    /// It is not written as `YYYY-MM-DD`.
    #[error("`{0}` is not written as `YYYY-MM-DD`")]
    Form(String),
    /// The calendar has no such day, as the 30th of February.
    #[error("`{0}` is no day of the calendar")]
    Calendar(String),
}

impl Day {
    /// Returns a day of the years 0 to 9999, where the calendar has it. Months and days begin at 1.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (year <= 9999 && (1..=last).contains(&day)).then_some(Self { year, month, of_month: day })
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let form = || InvalidDay::Form(text.to_owned());
        let (year, month, day) = match text.split('-').collect::<Vec<_>>()[..] {
            [year, month, day] if [year.len(), month.len(), day.len()] == [4, 2, 2] => (year, month, day),
            _ => return Err(form()),
        };
        if ![year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(form());
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| form());
        let small = |part: &str| part.parse::<u8>().map_err(|_| form());
        Self::new(number(year)?, small(month)?, small(day)?).ok_or_else(|| InvalidDay::Calendar(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for text in ["2028-04-30", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for text in ["2023-02-29", "1900-02-29", "2028-04-31", "2028-13-01", "2028-00-10", "2028-01-00", "2028-99-99"] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay::Calendar(text.into())));
        }
        for text in
            ["", "2028", "2028-4-30", "28-04-30", "2028/04/30", "+028-04-30", "2028-04-30T00:00:00Z", "20\u{e4}-04-30"]
        {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay::Form(text.into())));
        }
        assert_eq!(Day::new(10_000, 1, 1), None);
    }

    #[test]
    fn days_are_ordered_by_time() {
        let days = ["2024-06-30", "2024-07-01", "2025-01-01"].map(|text| text.parse::<Day>().unwrap());
        assert!(days.is_sorted());
    }
}
