//! `spectro pack init NAME --layer LAYER`: a new pack from nothing.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use serde_json::json;
use spectro_pack::{
    create::{NewPack, template},
    pack::ProfileLayer,
};

use super::{new, read::Workers};
use crate::{context::Context, failure::Failure};

/// What `init` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack init greeter --layer addon
  spectro pack init golden-ubuntu --layer os --cloud aws,vsphere --version 24.04.1")]
pub(crate) struct Args {
    /// The pack's name
    #[arg(value_parser = new::pack_name)]
    name: String,
    /// The folder to make [default: ./NAME-VERSION]
    #[arg(value_name = "DIR")]
    target: Option<PathBuf>,
    /// The layer of the cluster profile: os, k8s, cni, csi, addon or kernel
    #[arg(long, value_parser = new::layer)]
    layer: ProfileLayer,
    /// The clouds it is for
    #[arg(long = "cloud", value_name = "CLOUD", value_delimiter = ',', default_value = "all", value_parser = new::cloud)]
    clouds: Vec<String>,
    /// Its first version
    #[arg(long, default_value = "1.0.0", value_parser = new::version)]
    version: String,
    /// Its name for people [default: made of NAME]
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The kind of an add-on, such as monitoring, ingress or security
    #[arg(long, value_name = "TYPE", default_value = "app services")]
    addon_type: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let target = args.target.unwrap_or_else(|| new::own_folder(&args.name, &args.version));
    let files = template(NewPack {
        display_name: args.display_name.unwrap_or_else(|| NewPack::display_name_of(&args.name)),
        addon_type: (args.layer == ProfileLayer::Addon).then_some(args.addon_type),
        name: args.name,
        version: args.version,
        layer: args.layer,
        cloud_types: args.clouds,
        annotations: Vec::new(),
        charts: Vec::new(),
        manifests: Vec::new(),
        roles: Vec::new(),
    });
    let workers = Workers::new();
    let written = target.clone();
    let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    workers.run(move || new::write(&written, &files)).await??;
    // An unknown cloud or type of add-on is told at once.
    let reading = workers.read(target.clone(), Arc::default()).await?;
    let shown = target.display();
    if !context.output.is_json() && !context.output.is_quiet() {
        let text = crate::findings::render(&reading.report, &target, true);
        if !text.is_empty() {
            context.output.say(text.trim_end());
        }
    }
    let findings: Vec<_> = reading.report.findings().iter().map(crate::findings::finding_json).collect();
    context.output.result(
        &format!("{shown}\n  {}", paths.join("\n  ")),
        || json!({ "directory": target, "files": paths, "findings": findings }),
    );
    context.output.say(&format!("next: spectro pack validate {shown}, then: spectro pack push {shown} -r SERVER"));
    Ok(ExitCode::SUCCESS)
}
