//! Running a test a second time, alone in a process of its own: with another environment, or with the process's log to itself.

use std::env;
use std::process::Command;

/// Says which part of the test the new process is for.
const PART: &str = "MUFFIN_SESSION_TEST_PART";

/// The part that this process was started for, if it was.
pub(crate) fn part() -> Option<String> {
    env::var(PART).ok()
}

/// Runs `part` of a test in a new process that has these `SESSION_*` variables and no others.
pub(crate) fn run(test: &str, part: &str, variables: &[(&str, &str)]) {
    let program = env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("SESSION_") {
            command.env_remove(name);
        }
    }
    command.env(PART, part).envs(variables.iter().copied());
    let output = command.output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // A name that fits no test would succeed with none.
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{test}, {part}:\n{said}");
}
