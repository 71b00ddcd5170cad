//! What is sent: a command, or a script by its digest.

use std::fmt::Write as _;
use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs};
use ring::digest;

/// One step at a server, with the keys that it touches.
pub(super) struct Request {
    what: What,
    keys: Vec<String>,
    args: Vec<Vec<u8>>,
    /// Whether it can be sent again when nobody knows what became of it.
    pub(super) is_read: bool,
}

#[derive(Clone, Copy)]
enum What {
    Read(&'static str),
    Script(&'static Script),
}

impl Request {
    /// A command that reads.
    pub(super) fn read(command: &'static str, key: String) -> Self {
        Self {
            what: What::Read(command),
            keys: vec![key],
            args: Vec::new(),
            is_read: true,
        }
    }

    /// A script that writes.
    pub(super) fn script(script: &'static Script, keys: impl IntoIterator<Item = String>) -> Self {
        Self {
            what: What::Script(script),
            keys: keys.into_iter().collect(),
            args: Vec::new(),
            is_read: false,
        }
    }

    pub(super) fn arg(mut self, arg: impl Into<Vec<u8>>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// As it is sent first.
    pub(super) fn command(&self) -> Cmd {
        match self.what {
            What::Read(command) => self.with_args(redis::cmd(command)),
            What::Script(script) => self.evaluate("EVALSHA", script.digest()),
        }
    }

    /// As it is sent to a server that does not know the script.
    pub(super) fn in_full(&self) -> Cmd {
        match self.what {
            What::Read(command) => self.with_args(redis::cmd(command)),
            What::Script(script) => self.evaluate("EVAL", script.code),
        }
    }

    fn evaluate(&self, command: &'static str, script: impl ToRedisArgs) -> Cmd {
        let mut command = redis::cmd(command);
        command.arg(script).arg(self.keys.len());
        self.with_args(command)
    }

    fn with_args(&self, mut command: Cmd) -> Cmd {
        command.arg(&self.keys);
        for arg in &self.args {
            command.arg(arg.as_slice());
        }
        command
    }
}

/// A program for the server, which runs it in one step.
pub(super) struct Script {
    code: &'static str,
    digest: OnceLock<String>,
}

macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(super) static $name: Script = Script {
            code: concat!(include_str!("scripts/common.lua"), include_str!($file)),
            digest: OnceLock::new(),
        };
    };
}

script!(CREATE, "scripts/create.lua");
script!(UPDATE, "scripts/update.lua");
script!(DELETE, "scripts/delete.lua");
script!(DELETE_ALL, "scripts/delete_all.lua");
script!(ROTATE, "scripts/rotate.lua");

impl Script {
    /// What servers call it by: the SHA-1 of its text.
    fn digest(&self) -> &str {
        self.digest.get_or_init(|| {
            let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.code.as_bytes());
            let mut hex = String::with_capacity(40);
            for byte in sha1.as_ref() {
                // Writing into a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
            hex
        })
    }
}
