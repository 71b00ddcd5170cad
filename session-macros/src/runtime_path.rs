//! By which name the annotated crate knows the runtime.
//!
//! Generated code needs a path to `muffin-session`. A dependency may be renamed in `Cargo.toml`, so that is
//! where the name is looked up; `crate = path` in the attribute overrides it.

use std::env;
use std::fs;
use std::path::Path as FilePath;

use proc_macro2::Span;
use syn::{Ident, Path, parse_quote_spanned};

use crate::manifest::{Entry, entries};

const PACKAGE: &str = "muffin-session";

/// The path of the runtime: as the attribute says, else as `Cargo.toml` says, else `::muffin_session`.
pub(crate) fn runtime_path(given: Option<&Path>) -> Path {
    if let Some(path) = given {
        return path.clone();
    }
    let name = name_in_manifest().unwrap_or_else(|| "muffin_session".to_owned());
    let name = Ident::new(&name, Span::call_site());
    parse_quote_spanned!(Span::call_site()=> ::#name)
}

fn name_in_manifest() -> Option<String> {
    // The package's own tests and documentation examples have no dependency of that name.
    if env::var("CARGO_PKG_NAME").is_ok_and(|name| name == PACKAGE) {
        return None;
    }
    let folder = env::var_os("CARGO_MANIFEST_DIR")?;
    let folder = FilePath::new(&folder);
    let manifest = read(folder)?;
    let name = dependency_name(&manifest, || workspace_manifest(folder, &manifest))?;
    // A name that is no identifier can't be a dependency's; a keyword could, and needs `crate = r#..`.
    syn::parse_str::<Ident>(&name).ok().map(|_| name)
}

fn read(folder: &FilePath) -> Option<Vec<Entry>> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    Some(entries(&text))
}

/// The manifest of the workspace that a package belongs to, found as Cargo finds it.
fn workspace_manifest(folder: &FilePath, manifest: &[Entry]) -> Option<Vec<Entry>> {
    if let Some(entry) = manifest
        .iter()
        .find(|entry| is(&entry.keys, &["package", "workspace"]))
    {
        return read(&folder.join(&entry.value));
    }
    let is_root = |entries: &Vec<Entry>| {
        entries
            .iter()
            .any(|entry| entry.keys.first().is_some_and(|key| key == "workspace"))
    };
    folder.ancestors().filter_map(read).find(is_root)
}

/// A dependency as one table of the manifest names it.
#[derive(Default)]
struct Dependency<'a> {
    /// How far its table is from the usual one; a library sees `[dependencies]` alone.
    distance: usize,
    name: &'a str,
    package: Option<&'a str>,
    inherited: bool,
}

/// The name that a manifest gives to our package, as an identifier.
fn dependency_name(
    manifest: &[Entry],
    workspace: impl FnOnce() -> Option<Vec<Entry>>,
) -> Option<String> {
    let mut found = dependencies(manifest);
    found.sort_by_key(|dependency| dependency.distance);

    let inherits = found.iter().any(|dependency| dependency.inherited);
    let workspace = if inherits { workspace() } else { None }.unwrap_or_default();
    let renamed_by_workspace = |name: &str| {
        let keys = ["workspace", "dependencies", name, "package"];
        let entry = workspace.iter().find(|entry| is(&entry.keys, &keys));
        entry.map(|entry| entry.value.clone())
    };

    let ours = found.iter().find(|dependency| {
        let inherited = if dependency.inherited {
            renamed_by_workspace(dependency.name)
        } else {
            None
        };
        let package = dependency.package.or(inherited.as_deref());
        package.unwrap_or(dependency.name) == PACKAGE
    });
    ours.map(|dependency| dependency.name.replace('-', "_"))
}

/// Every dependency of a manifest, in order.
fn dependencies(manifest: &[Entry]) -> Vec<Dependency<'_>> {
    let mut found: Vec<Dependency<'_>> = Vec::new();
    for entry in manifest {
        let keys: Vec<&str> = entry.keys.iter().map(String::as_str).collect();
        let (targeted, keys) = match &keys[..] {
            ["target", _, rest @ ..] => (1, rest),
            rest => (0, rest),
        };
        let (table, name, key) = match keys {
            [table, name] => (*table, *name, None),
            [table, name, key, ..] => (*table, *name, Some(*key)),
            _ => continue,
        };
        let distance = targeted
            + match table {
                "dependencies" => 0,
                "dev-dependencies" | "dev_dependencies" => 2,
                "build-dependencies" | "build_dependencies" => 4,
                _ => continue,
            };
        let known = found
            .iter()
            .position(|known| known.distance == distance && known.name == name);
        let index = known.unwrap_or_else(|| {
            found.push(Dependency {
                distance,
                name,
                ..Dependency::default()
            });
            found.len() - 1
        });
        match key {
            Some("package") => found[index].package = Some(&entry.value),
            Some("workspace") => found[index].inherited = entry.value == "true",
            _ => {}
        }
    }
    found
}

fn is(keys: &[String], wanted: &[&str]) -> bool {
    keys.iter().map(String::as_str).eq(wanted.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::{dependency_name, entries};

    fn name(manifest: &str) -> Option<String> {
        dependency_name(&entries(manifest), || panic!("the workspace is not needed"))
    }

    fn name_in_workspace(manifest: &str, workspace: &str) -> Option<String> {
        dependency_name(&entries(manifest), || Some(entries(workspace)))
    }

    #[test]
    fn not_renamed() {
        assert_eq!(
            name("[dependencies]\nmuffin-session = '0.1'").as_deref(),
            Some("muffin_session")
        );
        assert_eq!(
            name("[dependencies.muffin-session]\npath = '..'").as_deref(),
            Some("muffin_session")
        );
    }

    #[test]
    fn renamed() {
        let manifests = [
            "[dependencies]\nour-gate = { version = '1', package = \"muffin-session\" }",
            "[dependencies]\nour-gate = { package = 'muffin-session', features = ['a'] }",
            "[dependencies.our-gate]\nversion = '1'\npackage = 'muffin-session' # ours",
            "[dependencies]\nour-gate.version = '1'\nour-gate.package = 'muffin-session'",
            "[target.'cfg(unix)'.dependencies]\nour-gate = { package = 'muffin-session' }",
            "[target.x86_64-unknown-linux-gnu.dev-dependencies.our-gate]\npackage = 'muffin-session'",
            "[dev-dependencies]\nour-gate = { package = 'muffin-session' }",
            "[build-dependencies]\nour-gate = { package = 'muffin-session' }",
        ];
        for manifest in manifests {
            assert_eq!(name(manifest).as_deref(), Some("our_gate"), "{manifest}");
        }
    }

    #[test]
    fn the_name_alone_does_not_make_it_ours() {
        let manifest = "[dependencies]\nmuffin-session = { package = 'other' }\ngate = { package = 'muffin-session' }";
        assert_eq!(name(manifest).as_deref(), Some("gate"));
    }

    #[test]
    fn a_library_sees_its_dependencies_first() {
        let manifest = "[dev-dependencies]\ntest-gate = { package = 'muffin-session' }\n\
                        [dependencies]\ngate = { package = 'muffin-session' }";
        assert_eq!(name(manifest).as_deref(), Some("gate"));
    }

    #[test]
    fn inherited_from_the_workspace() {
        let workspace = "[workspace.dependencies]\ngate = { package = 'muffin-session', version = '1' }\nserde = '1'";
        for manifest in [
            "[dependencies]\nserde.workspace = true\ngate = { workspace = true }",
            "[dependencies]\ngate.workspace = true",
            "[dependencies.gate]\nworkspace = true\nfeatures = []",
        ] {
            assert_eq!(
                name_in_workspace(manifest, workspace).as_deref(),
                Some("gate"),
                "{manifest}"
            );
        }
        let workspace = "[workspace.dependencies.muffin-session]\npath = 'session'";
        let manifest = "[dependencies]\nmuffin-session.workspace = true";
        assert_eq!(
            name_in_workspace(manifest, workspace).as_deref(),
            Some("muffin_session")
        );
    }

    #[test]
    fn absent() {
        assert_eq!(
            name("[package]\nname = 'app'\n[dependencies]\naxum = '0.8'"),
            None
        );
        assert_eq!(name("[features]\nmuffin-session = []"), None);
        assert_eq!(name(""), None);
    }
}
