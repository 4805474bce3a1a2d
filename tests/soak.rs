//! Pushes, pulls, overwrites and kills without end, through faults, on everything that keeps packs: run by `scripts/soak`.
//!
//! Each worker has versions of its own in a repository that all share, so it knows what each must hold: the content of its last push
//! that was acknowledged, or of one that was killed or given up since, which may have come through.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Fault, FaultProxy, Kind, Moment, RealRegistry, Reply, Sandbox, Tree, as_stored, assert_same_tree, have, tree,
};

const NAME: &str = "golden-centos-aws";
/// How many workers each place has.
const WORKERS: usize = 2;
/// How many versions a worker has.
const VERSIONS: usize = 12;
/// How long a request of a killed program may still be on its way.
const LATE: Duration = Duration::from_secs(3);

/// What happened.
#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    pulled: AtomicU64,
    refused: AtomicU64,
    given_up: AtomicU64,
    killed: AtomicU64,
    faults: AtomicU64,
    present: AtomicU64,
    wrong: AtomicU64,
}

impl Counts {
    fn wrong(&self, place: &str, what: &str) {
        self.wrong.fetch_add(1, Relaxed);
        eprintln!("WRONG on {place}: {what}");
    }
}

/// Where a worker pushes to.
struct Place {
    name: String,
    server: String,
    /// What the server is called without faults.
    direct: String,
    proxy: Option<FaultProxy>,
    /// Keeps what serves it.
    _kept: (Option<RealRegistry>, Option<tempfile::TempDir>),
}

impl Place {
    fn layout() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let server = format!("oci-layout:{}", folder.path().join("store").display());
        let name = "a local store".to_owned();
        Self { name, direct: server.clone(), server, proxy: None, _kept: (None, Some(folder)) }
    }

    fn registry(kind: Kind) -> Self {
        let registry = RealRegistry::start(kind);
        let proxy = FaultProxy::before(&registry);
        let (server, direct) = (proxy.host(), registry.host());
        Self { name: format!("{kind:?}"), server, direct, proxy: Some(proxy), _kept: (Some(registry), None) }
    }

    /// Lets one of the next requests fail.
    fn fault(&self, dice: &mut fastrand::Rng, counts: &Counts) {
        let Some(proxy) = &self.proxy else { return };
        let method = ["*", "GET", "HEAD", "PUT", "POST"][dice.usize(0..5)];
        let part = ["/", "/manifests/", "/blobs/"][dice.usize(0..3)];
        let fault = match dice.u32(0..10) {
            0 => Fault::Reset(Moment::BeforeRequest),
            1 => Fault::Reset(Moment::DuringRequest(dice.u64(0..100_000))),
            2 => Fault::Reset(Moment::AfterRequest),
            3 => Fault::Reset(Moment::DuringAnswer(dice.u64(0..100_000))),
            4 => Fault::Truncate(dice.u64(0..100_000)),
            5 => Fault::Flip(dice.u64(0..1000)),
            6 => Fault::Answer(Reply::error(429, "TOOMANYREQUESTS", "slowly")),
            7 => Fault::Answer(Reply::error(500, "UNKNOWN", "oops")),
            8 => Fault::Delay(Duration::from_millis(dice.u64(0..200))),
            _ => Fault::Answer(Reply::error(503, "UNAVAILABLE", "later")),
        };
        proxy.on(method, part).after(dice.usize(0..4)).once().fault(fault);
        counts.faults.fetch_add(1, Relaxed);
    }

    fn heal(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.heal();
            // What it recorded grows with each request.
            proxy.clear();
        }
    }
}

/// What a version may hold.
#[derive(Default)]
struct Version {
    acknowledged: Option<u64>,
    maybe: Vec<(u64, Instant)>,
}

impl Version {
    fn allows(&self, found: Option<u64>) -> bool {
        found == self.acknowledged || self.maybe.iter().any(|(number, _)| Some(*number) == found)
    }
}

/// Returns what does not change in a pack: everything but the version and the values.
fn others(folder: &Path) -> Tree {
    let mut found = as_stored(tree(folder));
    found.retain(|path, _| path != "pack.json" && path != "values.yaml");
    found
}

struct Worker<'a> {
    place: &'a Place,
    counts: &'a Counts,
    number: usize,
    sandbox: Sandbox,
    tree: Tree,
    /// pack.json as it was.
    metadata: String,
    dice: fastrand::Rng,
    versions: BTreeMap<usize, Version>,
    contents: u64,
}

impl<'a> Worker<'a> {
    fn new(place: &'a Place, counts: &'a Counts, number: usize) -> Self {
        let sandbox = Sandbox::new();
        sandbox.copy_pack(NAME);
        let large: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        sandbox.write(format!("{NAME}/large.bin"), large);
        let dice = fastrand::Rng::with_seed(number as u64);
        let metadata = sandbox.read_text(format!("{NAME}/pack.json"));
        let (tree, versions) = (others(&sandbox.path(NAME)), BTreeMap::new());
        Self { place, counts, number, sandbox, tree, metadata, dice, versions, contents: 0 }
    }

    fn tag(&self, version: usize) -> String {
        format!("{}.{version}.0", self.number + 1)
    }

    fn step(&mut self) {
        if self.dice.bool() {
            self.place.fault(&mut self.dice, self.counts);
        }
        let version = self.dice.usize(0..VERSIONS);
        match self.dice.u32(0..10) {
            0..=4 => self.push(version, true),
            5 => self.push(version, false),
            _ => self.pull(version),
        }
    }

    fn push(&mut self, version: usize, force: bool) {
        self.contents += 1;
        let (new, tag) = (self.contents, self.tag(version));
        self.sandbox.write(format!("{NAME}/pack.json"), self.metadata.replace("7.7.1908", &tag));
        self.sandbox.write(format!("{NAME}/values.yaml"), format!("# number {new}\n"));
        let mut arguments = vec!["pack", "push", NAME, "-r", &self.place.server];
        if force {
            arguments.push("-f");
        }
        let running = self.sandbox.spectro(arguments).spawn();
        let known = self.versions.entry(version).or_default();
        let began = Instant::now();
        let outcome = if self.dice.u32(0..4) == 0 {
            thread::sleep(Duration::from_millis(self.dice.u64(0..90)));
            running.kill()
        } else {
            running.wait()
        };
        match outcome.code {
            Some(0) => {
                self.counts.acknowledged.fetch_add(1, Relaxed);
                if !force && known.acknowledged.is_some() {
                    self.counts.wrong(&self.place.name, &format!("{tag} was overwritten unasked{outcome}"));
                }
                known.acknowledged = Some(new);
                known.maybe.retain(|(_, at)| self.place.proxy.is_some() && at.elapsed() < LATE + began.elapsed());
                return;
            }
            None => drop(self.counts.killed.fetch_add(1, Relaxed)),
            // There is other content: of a push that was acknowledged, or of one that may have come through.
            Some(5) if !force && (known.acknowledged.is_some() || !known.maybe.is_empty()) => {
                self.counts.refused.fetch_add(1, Relaxed);
                return;
            }
            // Gave up after many faults, or after a changed byte.
            Some(6 | 8) if self.place.proxy.is_some() => drop(self.counts.given_up.fetch_add(1, Relaxed)),
            _ => self.counts.wrong(&self.place.name, &format!("a push of {tag}{outcome}")),
        }
        if force || known.acknowledged.is_none() {
            known.maybe.push((new, Instant::now()));
        }
    }

    fn pull(&mut self, version: usize) {
        let name = format!("{NAME}:{}", self.tag(version));
        let running = self.sandbox.spectro(["pack", "pull", "-f", &name, "target", "-r", &self.place.server]).spawn();
        let outcome = if self.dice.u32(0..4) == 0 {
            thread::sleep(Duration::from_millis(self.dice.u64(0..60)));
            running.kill()
        } else {
            running.wait()
        };
        match outcome.code {
            Some(0) => {
                self.counts.pulled.fetch_add(1, Relaxed);
                self.check(version, Some("target"));
            }
            None => drop(self.counts.killed.fetch_add(1, Relaxed)),
            Some(3) => self.check(version, None),
            Some(6 | 8) if self.place.proxy.is_some() => drop(self.counts.given_up.fetch_add(1, Relaxed)),
            _ => self.counts.wrong(&self.place.name, &format!("a pull of {name}{outcome}")),
        }
        // Whatever happened, the folder is one whole pack or nothing.
        let target = self.sandbox.path("target");
        if target.exists() {
            assert_same_tree(&self.tree, &others(&target));
        }
        if self.dice.u32(0..3) == 0 {
            std::fs::remove_dir_all(target).ok();
        }
    }

    /// Compares what was pulled with what may be there; returns whether it is right.
    fn check(&self, version: usize, folder: Option<&str>) {
        let found = folder.map(|folder| {
            let values = self.sandbox.read_text(format!("{folder}/values.yaml"));
            values.trim().trim_start_matches("# number ").parse::<u64>().expect("values of a number")
        });
        let allowed = self.versions.get(&version).map_or(found.is_none(), |known| known.allows(found));
        if !allowed {
            let known = self.versions.get(&version).map(|known| (known.acknowledged, known.maybe.clone()));
            self.counts
                .wrong(&self.place.name, &format!("{} holds {found:?}, not one of {known:?}", self.tag(version)));
        }
    }

    /// Looks at every version that was acknowledged, without faults.
    fn finish(&self) {
        for (version, known) in &self.versions {
            let name = format!("{NAME}:{}", self.tag(*version));
            let target = format!("last-{version}");
            let outcome = self.sandbox.spectro(["pack", "pull", &name, &target, "-r", &self.place.direct]).run();
            match outcome.code {
                Some(0) => {
                    self.check(*version, Some(&target));
                    assert_same_tree(&self.tree, &others(&self.sandbox.path(&target)));
                    self.counts.present.fetch_add(1, Relaxed);
                }
                Some(3) if known.acknowledged.is_none() => {}
                _ => self.counts.wrong(&self.place.name, &format!("{name} can't be pulled at the end{outcome}")),
            }
        }
    }
}

#[test]
#[ignore = "scripts/soak runs it, for as long as it is told to"]
fn nothing_that_was_acknowledged_is_lost() {
    let seconds = std::env::var("SPECTRO_SOAK_SECONDS").map_or(60, |text| text.parse().expect("a number of seconds"));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut places = vec![Place::layout()];
    for kind in Kind::ALL {
        if have("soak", &[kind.tool()]) {
            places.push(Place::registry(kind));
        }
    }
    let total: Vec<Counts> = places.iter().map(|_| Counts::default()).collect();
    thread::scope(|scope| {
        for (place, counts) in places.iter().zip(&total) {
            for number in 0..WORKERS {
                scope.spawn(move || {
                    let mut worker = Worker::new(place, counts, number);
                    for step in 1_u64.. {
                        worker.step();
                        if step % 50 == 0 {
                            place.heal();
                        }
                        if Instant::now() > end {
                            break;
                        }
                    }
                    place.heal();
                    thread::sleep(LATE);
                    worker.finish();
                });
            }
        }
    });
    let mut wrong = 0;
    for (place, counts) in places.iter().zip(&total) {
        let count = |of: &AtomicU64| of.load(Relaxed);
        println!(
            "{:<14} acknowledged {}, present {}, wrong {}; refused {}, pulled {}, killed {}, given up {}, faults injected {}",
            place.name,
            count(&counts.acknowledged),
            count(&counts.present),
            count(&counts.wrong),
            count(&counts.refused),
            count(&counts.pulled),
            count(&counts.killed),
            count(&counts.given_up),
            count(&counts.faults)
        );
        assert!(count(&counts.acknowledged) > 0 && count(&counts.present) > 0, "nothing was done on {}", place.name);
        wrong += count(&counts.wrong);
    }
    assert_eq!(wrong, 0, "what is wrong stands above");
}
