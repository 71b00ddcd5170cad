#!/usr/bin/env python3
"""What guards cost at compile time: an application of 200 handlers, with guards and without.

    python3 tests/bench/compile_time.py

`build.py` measures it with the rest.

It writes two crates into a temporary folder. They have the same handlers, routes and session layer; in one of them half of the
handlers have `#[login_required]`, a quarter `#[user_pass(User::is_admin)]`, and a quarter `#[user_pass(all(User::is_admin, ..))]`.
Dependencies are built first. Then each crate alone is checked and built, in turns. Wall times mean something on a machine that does
nothing else; processor times do elsewhere too.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile

import cargo
from figures import Figures, table

HANDLERS = 200
ROUNDS = 5
CRATES = ("guarded", "open")

MANIFEST = """\
[package]
name = "{name}"
version = "0.0.0"
edition = "2024"

[dependencies]
axum = "0.8"
muffin-session = {{ path = "{session}" }}
tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
"""

# Without incremental compilation a touched crate is compiled as a whole.
WORKSPACE = """\
[workspace]
resolver = "3"
members = ["guarded", "open"]

[profile.dev]
incremental = false
"""

START = """\
//! An application of many handlers.
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
#[allow(unused_imports)]
use muffin_session::{CurrentUser, Secret, Sessions, login_required, user_loader, user_pass};

#[derive(Clone)]
struct User {
    id: u64,
}

impl User {
    #[allow(dead_code)]
    fn is_admin(&self) -> bool {
        self.id % 2 == 0
    }
}

#[derive(Clone)]
struct Db(&'static str);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}
"""

END = """\

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(Secret::generate()?).user_loader(load_user).build()?;
    let app = Router::new()
%s        .with_state(Db("db"))
        .layer(sessions);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(axum::serve(listener, app).await?)
}
"""


def guard(number):
    """The attribute of one handler."""
    return (
        "#[login_required]",
        "#[user_pass(User::is_admin)]",
        "#[login_required]",
        "#[user_pass(all(User::is_admin, |user: &User| user.id > 3))]",
    )[number % 4]


# The parameters and bodies that handlers have, in turns.
SHAPES = (
    ("CurrentUser(user): CurrentUser<User>", "format!(\"{number} {}\", user.id)"),
    ("Path(id): Path<u64>", "format!(\"{number} {id}\")"),
    ("State(db): State<Db>, Path(id): Path<u64>", "format!(\"{number} {id} {}\", db.0)"),
    ("", "String::from(\"{number}\")"),
    ("State(db): State<Db>, CurrentUser(user): CurrentUser<User>, body: String", "format!(\"{number} {} {} {body}\", db.0, user.id)"),
)


def source(guarded):
    """The application's `main.rs`."""
    text = START
    routes = ""
    for number in range(HANDLERS):
        # Five shapes and four guards: every pair is there.
        params, body = SHAPES[number % len(SHAPES)]
        body = body.replace("{number}", str(number))
        attribute = guard(number) + "\n" if guarded else ""
        text += f"\n{attribute}async fn page_{number}({params}) -> String {{\n    {body}\n}}\n"
        path = f"/{number}/{{id}}" if "Path(" in params else f"/{number}"
        routes += f'        .route("{path}", get(page_{number}))\n'
    return text + END % routes


def edit(path, round_number):
    """Changes what one handler says."""
    text = path.read_text()
    changed = re.sub(r'String::from\("(3)[^"]*"\)', rf'String::from("\1, edited {round_number}")', text, count=1)
    assert changed != text
    path.write_text(changed)


def measure(title, arguments, folder, change, rounds):
    """A row for the clock, and one for processors."""
    taken = {name: [] for name in CRATES}
    for round_number in range(rounds + 1):
        for name in CRATES if round_number % 2 else reversed(CRATES):
            main = folder / name / "src" / "main.rs"
            change(main, round_number)
            cargo.age(main)
            took = cargo.timed([part.replace("NAME", name) for part in arguments], folder)
            # The first round is to get there.
            if round_number > 0:
                taken[name].append(took)
    rows = []
    for place, unit in enumerate(("clock", "processors")):
        guarded, without = (Figures([took[place] for took in taken[name]]) for name in CRATES)
        each = (guarded.median - without.median) / HANDLERS * 1000
        shown = [f"{figures.show(2)} ({figures.values[0]:.2f} to {figures.values[-1]:.2f})" for figures in (guarded, without)]
        rows.append([title, unit, *shown, f"{guarded.median / without.median:.2f}", f"{each:.1f}"])
    return rows


def has_nightly():
    if shutil.which("rustup") is None:
        return False
    done = subprocess.run(["rustup", "toolchain", "list"], capture_output=True, text=True, check=False)
    return any(line.startswith("nightly") for line in done.stdout.splitlines())


def expanded(folder):
    """How much code there is once the attributes have written theirs."""
    if not has_nightly():
        print("expanded: left out, since there is no nightly toolchain")
        return
    sizes = {}
    for name in CRATES:
        text = cargo.run(["+nightly", "rustc", "-q", "-p", name, "--", "-Zunpretty=expanded"], folder)
        sizes[name] = len(text.encode()), len(text.splitlines())
        print(f"expanded, {name}: {sizes[name][0]} bytes, {sizes[name][1]} lines")
    (more, more_lines), (less, less_lines) = (sizes[name] for name in CRATES)
    print(
        f"  ratio {more / less:.2f}, {(more - less) / HANDLERS:.0f} bytes and "
        f"{(more_lines - less_lines) / HANDLERS:.1f} lines a handler"
    )


def print_cost(rounds):
    """All of it, as tables."""
    with tempfile.TemporaryDirectory(prefix="compile-time-") as folder:
        folder = pathlib.Path(folder)
        (folder / "Cargo.toml").write_text(WORKSPACE)
        shutil.copy(cargo.REPOSITORY / "Cargo.lock", folder / "Cargo.lock")
        for name in CRATES:
            (folder / name / "src").mkdir(parents=True)
            manifest = MANIFEST.format(name=name, session=(cargo.REPOSITORY / "session").as_posix())
            (folder / name / "Cargo.toml").write_text(manifest)
            (folder / name / "src" / "main.rs").write_text(source(name == "guarded"))
        cargo.fetch(folder)
        cargo.run(["check", "-q"], folder)
        cargo.run(["build", "-q"], folder)

        def same(_path, _round):
            pass

        incremental = ["rustc", "-q", "-p", "NAME", "--", f"-Cincremental={folder / 'incremental'}"]
        rows = [
            *measure("cargo check, the crate as a whole", ["check", "-q", "-p", "NAME"], folder, same, rounds),
            *measure("cargo build, the crate as a whole", ["build", "-q", "-p", "NAME"], folder, same, rounds),
            *measure("cargo build, incremental, after an edit of one handler", incremental, folder, edit, rounds),
        ]
        print(f"\n## {HANDLERS} handlers, with guards and without: seconds")
        print(f"\nMedians of {rounds}, ± half of what the middle half lies in, the least and the most.")
        table(["", "time", "guarded", "open", "ratio", "ms a handler"], rows, words=2)
        expanded(folder)


def main():
    cargo.unhelped()
    print(cargo.setting(), flush=True)
    print_cost(ROUNDS)


if __name__ == "__main__":
    main()
