//! Values of cookies: where they belong, some that are genuine, and what becomes of those when they are changed.

use std::sync::LazyLock;

use muffin_session::fuzzing::{Inside, KINDS, Kind};

use crate::input::Input;
use crate::{NOW, SIDS, both};

/// Signed, and encrypted.
pub static INSIDE: LazyLock<[Inside; 2]> =
    LazyLock::new(|| both().map(|sessions| (&sessions).into()));

/// What a value is looked at as: the protection of the configuration, the kind of cookie, and the session in its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub protection: usize,
    pub kind: Kind,
    pub sid: usize,
}

impl Place {
    pub fn read(input: &mut Input<'_>) -> Self {
        Self {
            protection: input.below(2),
            kind: input.below(KINDS.len()),
            sid: input.below(SIDS.len()),
        }
    }

    #[must_use]
    pub fn inside(self) -> &'static Inside {
        &INSIDE[self.protection]
    }

    #[must_use]
    pub fn name(self) -> String {
        self.inside().name(self.kind, SIDS[self.sid])
    }

    /// Whether values of the one are values of the other: where names have no last part, the session is none of theirs.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        self.protection == other.protection
            && self.kind == other.kind
            && self.name() == other.name()
    }
}

/// A value that we have sealed.
pub struct Genuine {
    pub place: Place,
    pub value: Vec<u8>,
}

/// Two of each kind, protection and session.
pub static GENUINE: LazyLock<Vec<Genuine>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for protection in 0..2 {
        for kind in 0..KINDS.len() {
            for (sid, id) in SIDS.iter().enumerate() {
                let place = Place {
                    protection,
                    kind,
                    sid,
                };
                for (body, issued_at) in
                    [(body(kind, *id, "1"), NOW), (body(kind, *id, "\"ä\""), 1)]
                {
                    let name = place.name();
                    let value = place
                        .inside()
                        .seal(kind, &name, issued_at, &body)
                        .into_bytes();
                    assert!(place.inside().open(kind, &name, &value).is_some());
                    all.push(Genuine { place, value });
                }
            }
        }
    }
    all
});

/// A body that a writer makes.
fn body(kind: Kind, id: [u8; 16], text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len())
        .expect("a short text")
        .to_be_bytes();
    let times = [NOW, NOW, NOW + 1_000].map(u64::to_be_bytes).concat();
    match KINDS[kind] {
        "identity" => [&id, &times[..], &[1, 0], &length, text.as_bytes()].concat(),
        "data" | "guest" => [&id, format!("{{\"a\":{text}}}").as_bytes()].concat(),
        "flash" => [&[1], &id[..], &[0, 1], b"c", text.as_bytes()].concat(),
        "pending" => [&[0], text.as_bytes()].concat(),
        "handle" | "guest handle" => [&id[..8], &id].concat(),
        _ => id.to_vec(),
    }
}

/// A genuine value after the changes that the input says, and where it is looked at.
pub fn changed(input: &mut Input<'_>) -> (Place, Vec<u8>) {
    let genuine = &GENUINE[input.below(GENUINE.len())];
    let place = match input.byte() % 4 {
        0 => Place::read(input),
        _ => genuine.place,
    };
    let mut value = genuine.value.clone();
    while !input.is_empty() && value.len() <= 5_000 {
        let at = |input: &mut Input<'_>, value: &[u8]| input.below((value.len() + 1).min(65_536));
        match input.below(7) {
            0 => {
                let at = at(input, &value);
                if let Some(byte) = value.get_mut(at) {
                    *byte ^= 1 << input.below(8);
                }
            }
            1 => {
                let at = at(input, &value);
                value.truncate(at);
            }
            2 => {
                let at = at(input, &value);
                value.insert(at, input.byte());
            }
            3 => {
                let at = at(input, &value);
                if at < value.len() {
                    value.remove(at);
                }
            }
            // The beginning of this one, and the end of another.
            4 => {
                let other = &GENUINE[input.below(GENUINE.len())].value;
                let at = at(input, &value);
                value.truncate(at);
                value.extend_from_slice(other.get(at..).unwrap_or_default());
            }
            5 => {
                let other = &GENUINE[input.below(GENUINE.len())].value;
                value.extend_from_slice(other);
            }
            _ => {
                let at = at(input, &value);
                let bytes = input.below(16);
                let bytes = input.take(bytes);
                let end = (at + bytes.len()).min(value.len());
                value[at..end].copy_from_slice(&bytes[..end - at]);
            }
        }
    }
    (place, value)
}
