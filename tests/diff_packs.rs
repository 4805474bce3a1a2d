//! `pack diff` tells how two packs differ, wherever they lie, and fetches nothing that both have.

mod what_differs;
mod where_they_lie;

use crate::support::{Sandbox, testdata};

/// A pack with one chart, to be changed.
struct Demo {
    version: &'static str,
    /// The lines below `charts.demo`.
    values: &'static str,
    /// The file of the chart, its version, and the lines of its values.yaml.
    chart: (&'static str, &'static str, &'static str),
    /// The images in the list.
    images: &'static [&'static str],
}

const OLD: Demo = Demo {
    version: "1.0.0",
    values: "    replicas: 1\n",
    chart: ("charts/demo-1.0.0.tgz", "1.0.0", "replicas: 2\nimage: quay.io/demo/server:v1\n"),
    images: &["quay.io/demo/server:v1"],
};

impl Demo {
    /// Writes it into a folder of the sandbox.
    fn write(&self, sandbox: &Sandbox, folder: &str) {
        let (file, version, values) = self.chart;
        let list: Vec<_> = self.images.iter().map(|image| format!("    - image: {image}\n")).collect();
        let list = list.concat();
        sandbox.write(
            format!("{folder}/pack.json"),
            format!(
                r#"{{"name": "demo", "displayName": "Demo", "version": "{}", "layer": "addon", "addonType": "system app",
                    "cloudTypes": ["all"], "charts": ["{file}"]}}"#,
                self.version
            ),
        );
        let values_yaml =
            format!("pack:\n  namespace: demo\n  content:\n    images:\n{list}charts:\n  demo:\n{}", self.values);
        sandbox.write(format!("{folder}/values.yaml"), values_yaml);
        sandbox.write(format!("{folder}/README.md"), "# Demo\n");
        let logo = std::fs::read(testdata("packs/permission-manager/logo.png")).expect("the logo is there");
        sandbox.write(format!("{folder}/logo.png"), logo);
        sandbox.write(format!("{folder}/{file}"), chart(version, values));
    }
}

/// Returns a chart called `demo` that uses the image of its values.
fn chart(version: &str, values: &str) -> Vec<u8> {
    let metadata = format!("apiVersion: v2\nname: demo\nversion: {version}\nappVersion: \"{}\"\n", &version[..1]);
    let template = "spec:\n  replicas: {{ .Values.replicas }}\n  image: {{ .Values.image }}\n";
    // Nothing is compressed, so that its size is the same with every compressor.
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let mut tar = tar::Builder::new(gzip);
    for (path, text) in [
        ("demo/Chart.yaml", metadata.as_str()),
        ("demo/values.yaml", values),
        ("demo/templates/demo.yaml", template),
        ("demo/NOTES.txt", version),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, path, text.as_bytes()).expect("memory takes all");
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("memory takes all")
}
