//! Charts for tests.

use super::{Chart, open};

/// Returns a chart archive that holds these files.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Returns the chart `demo` with these values and templates, and these further files.
pub(crate) fn demo(values: &str, template: &str, further: &[(&str, &str)]) -> Chart {
    let mut files = vec![("demo/values.yaml", values), ("demo/templates/all.yaml", template)];
    if !further.iter().any(|(path, _)| *path == "demo/Chart.yaml") {
        files.push(("demo/Chart.yaml", "name: demo\nversion: 1.0.0\n"));
    }
    files.extend(further);
    open(&mut archive(&files).as_slice(), |_| ()).unwrap_or_else(|fault| panic!("{fault:?}"))
}
