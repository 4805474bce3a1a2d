//! `spectro pack build CHART [TARGET_DIR]`: a pack from a Helm chart.

mod chart;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::json;
use spectro_pack::{
    create::{ChartParts, NewFile, NewPack, namespace_of, placeholder, readme_of, values_of},
    pack::{ProfileLayer, Reading},
};

use self::chart::Chart;
use super::{form::FormArgs, new, next, push, read::Workers};
use crate::{
    args::ServersArgs,
    context::Context,
    failure::{Exit, Failure},
    findings, format,
};

/// What `build` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack build nginx-1.2.3.tgz ./nginx
  spectro pack build ./charts/nginx --layer addon --addon-type ingress
  spectro pack build oci://ghcr.io/acme/charts/nginx:1.2.3 ./nginx --push -r oci-layout:./packs")]
pub(crate) struct Args {
    /// The chart: an archive (.tgz), a folder, `oci://HOST/PATH/NAME[:VERSION]`, or NAME[:VERSION] on the server
    #[arg(value_name = "CHART")]
    chart: String,
    /// The folder to make [default: ./NAME-VERSION]
    #[arg(value_name = "TARGET_DIR")]
    target: Option<PathBuf>,
    /// The pack's name [default: the chart's]
    #[arg(long, value_parser = new::pack_name)]
    name: Option<String>,
    /// The pack's version [default: the chart's]
    #[arg(long, value_parser = new::version)]
    version: Option<String>,
    /// The layer of the cluster profile: os, k8s, cni, csi, addon or kernel
    #[arg(long, value_parser = new::layer, default_value = "addon")]
    layer: ProfileLayer,
    /// The kind of an add-on, such as monitoring, ingress or security
    #[arg(long, value_name = "TYPE", default_value = "app services")]
    addon_type: String,
    /// The clouds it is for
    #[arg(long = "cloud", value_name = "CLOUD", value_delimiter = ',', default_value = "all", value_parser = new::cloud)]
    clouds: Vec<String>,
    /// Where the chart is installed [default: the pack's name]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// A picture for lists, as PNG [default: one with the initials is drawn]
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Push the pack when it is made
    #[arg(short, long)]
    push: bool,
    /// With --push: overwrite the version's tag where it has other content
    #[arg(short, long, requires = "push")]
    force: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    servers: ServersArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    if args.push {
        // A server that is not named is told before anything is fetched.
        args.servers.each(context)?;
    }
    if let Some(target) = &args.target {
        new::refuse_content(target)?;
    }
    let workers = Workers::new();
    let chart = Chart::find(&args.chart, &args.servers, &workers, context).await?;
    let pack = describe(&args, &chart.parts, &args.chart)?;
    let target = args.target.clone().unwrap_or_else(|| new::own_folder(&pack.name, &pack.version));
    new::refuse_content(&target)?;
    let logo = match &args.logo {
        Some(path) => fs::read(path)
            .map_err(|error| Failure::file_system(format!("cannot read the logo `{}`", path.display()), &error))?,
        None => placeholder(&pack.name),
    };
    let namespace = args.namespace.clone().unwrap_or_else(|| namespace_of(&pack.name));
    let stage = new::stage(&target)?;
    let folder = stage.path().join(new::PACK);
    let file = |path: &str, bytes: Vec<u8>| NewFile { path: path.to_owned(), bytes };
    let values = |images: &[String]| values_of(&namespace, images, &chart.parts);
    new::fill(
        &folder,
        &[
            file("pack.json", pack.to_json().into_bytes()),
            file("values.yaml", values(&[]).into_bytes()),
            file(&pack.charts[0], chart.bytes),
            file("README.md", readme_of(&pack.display_name, &chart.parts).into_bytes()),
            file("logo.png", logo),
        ],
    )?;
    // Which images there are, is known once the pack is read.
    let images = images(&workers.read(folder.clone(), Arc::default()).await?);
    new::fill(&folder, &[file("values.yaml", values(&images).into_bytes())])?;
    let reading = workers.read(folder.clone(), Arc::default()).await?;
    let placed = target.clone();
    workers.run(move || new::settle(&stage, &placed)).await??;
    // The answer of a push in JSON is one object; it has the findings as well.
    if !(args.push && context.output.is_json() && reading.pack.is_some()) {
        tell(context, &target, &pack, &images, &reading);
    }
    if reading.pack.is_none() {
        return Err(Failure::new(Exit::Findings, format!("`{}` has errors", target.display()))
            .hint(format!("spectro pack validate {}", next::word(target.display()))));
    }
    if args.push {
        return push::push_made(target, args.servers, args.form, args.force, context).await;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(args: &Args, chart: &ChartParts, word: &str) -> Result<NewPack, Failure> {
    let refused = |what: &str, text: &str, error: String, flag: &str| {
        Failure::new(Exit::Usage, format!("the {what} `{text}` of `{word}` is none that a pack may have"))
            .cause(error)
            .hint(format!("choose another with {flag}"))
    };
    let name = match &args.name {
        Some(name) => name.clone(),
        None => new::pack_name(&chart.name).map_err(|error| refused("name", &chart.name, error, "--name"))?,
    };
    let bare = chart.version.strip_prefix('v').unwrap_or(&chart.version);
    let version = match &args.version {
        Some(version) => version.clone(),
        None => new::version(bare).map_err(|error| refused("version", bare, error, "--version"))?,
    };
    let annotations = [("description", &chart.description), ("docsURL", &chart.home)];
    let annotations = annotations.into_iter().filter_map(|(key, value)| {
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
        Some((key.to_owned(), value.to_owned()))
    });
    Ok(NewPack {
        display_name: NewPack::display_name_of(&name),
        charts: vec![format!("charts/{}-{}.tgz", chart.name, chart.version)],
        name,
        version,
        layer: args.layer,
        addon_type: (args.layer == ProfileLayer::Addon).then(|| args.addon_type.clone()),
        cloud_types: args.clouds.clone(),
        annotations: annotations.collect(),
        manifests: Vec::new(),
        roles: Vec::new(),
    })
}

/// Returns the images that the pack uses, each once, sorted.
fn images(reading: &Reading) -> Vec<String> {
    let mut names: Vec<_> = reading.images.found.iter().map(|image| image.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn tell(context: &Context, target: &Path, pack: &NewPack, images: &[String], reading: &Reading) {
    let report = &reading.report;
    if !context.output.is_json() && !context.output.is_quiet() {
        let text = findings::render(report, target, true);
        if !text.is_empty() {
            context.output.say(text.trim_end());
        }
    }
    let counts = [
        format::count(images.len(), "image"),
        format::count(report.errors(), "error"),
        format::count(report.warnings(), "warning"),
    ];
    let shown = target.display();
    context.output.result(&format!("{shown}\n{} {}: {}", pack.name, pack.version, counts.join(", ")), || {
        let findings: Vec<_> = report.findings().iter().map(findings::finding_json).collect();
        json!({ "directory": target, "name": pack.name, "version": pack.version, "images": images, "findings": findings })
    });
}
