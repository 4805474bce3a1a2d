//! New packs: from nothing, or from a Helm chart.
//!
//! Only texts and pictures are made here, from what they are to say; nothing touches a file but [`package`], which reads a chart's
//! folder.

mod chart;
mod logo;
mod metadata;
mod readme;
mod template;
mod values;

pub use self::{
    chart::{ChartError, ChartParts, package},
    logo::placeholder,
    metadata::NewPack,
    readme::readme_of,
    template::{NewFile, template},
    values::{indented, namespace_of, values_of},
};
