//! axe-core, which looks for what people with impairments would stumble over. It comes from the npm registry, once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Always the same version, so that a page passes tomorrow if it passes today.
const PACKAGE: &str = "axe-core@4.14.1";
const ARCHIVE: &str = "axe-core-4.14.1.tgz";

/// The script, to be run in a page.
pub(crate) static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe-core");
    let script = folder.join("package/axe.min.js");
    if !script.exists() {
        fs::create_dir_all(&folder).unwrap();
        run(&folder, "npm", &["pack", "--silent", PACKAGE]);
        run(&folder, "tar", &["-xzf", ARCHIVE]);
    }
    fs::read_to_string(&script).unwrap()
});

/// What is done with it: says each rule that is broken, and where.
pub(crate) const RUN: &str = "
    const [done] = arguments;
    axe.run(document).then(
        (found) => done(found.violations.map((rule) =>
            `${rule.id} (${rule.help}): ` + rule.nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; '))),
        (error) => done([String(error)]),
    );";

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    let status = command.args(arguments).current_dir(folder).status();
    let status = status.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}
