//! Tar archives compressed with gzip: charts, and the layers that are made from folders.

pub mod read;
