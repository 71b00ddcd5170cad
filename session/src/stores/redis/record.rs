//! How keys and records are written.

use redis::Value;

use super::failure::Failure;
use crate::store::{Record, RecordKey, Timestamp, UserKey};

/// The first byte of a record. Another way to write them takes another number.
const FORMAT: u8 = 1;
/// Format, version, time of expiry, and whether there is a user.
const HEAD_LEN: usize = 18;
/// The part of a key that is not its group.
const FIELD_LEN: usize = RecordKey::LEN - 8;
/// Servers add a time to live to their clock, and refuse what does not fit into an `i64` then. This is 146 million years.
const LONGEST: u64 = i64::MAX as u64 / 2;
/// Slots of a cluster.
const SLOTS: u16 = 16_384;

/// The name of a group. The braces make a cluster keep it on one node, whatever the prefix.
pub(super) fn group_name(prefix: &str, group: [u8; 8]) -> String {
    format!("{prefix}{{{}}}", hex(group))
}

/// The slot of a cluster in which a group is.
pub(super) fn slot(group: [u8; 8]) -> u16 {
    crc16(hex(group).as_bytes()) % SLOTS
}

fn hex(group: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(group))
}

/// CRC-16/XMODEM, which is what clusters reckon slots with.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let carry = crc & 0x8000 != 0;
            (crc << 1) ^ if carry { 0x1021 } else { 0 }
        })
    })
}

/// Which of a group's records.
pub(super) fn field(key: &RecordKey) -> &[u8] {
    &key.as_bytes()[8..]
}

/// The key of a group's field: nothing for fields that are no records.
pub(super) fn key(group: [u8; 8], field: &[u8]) -> Option<RecordKey> {
    let field: [u8; FIELD_LEN] = field.try_into().ok()?;
    let mut bytes = [0; RecordKey::LEN];
    bytes[..8].copy_from_slice(&group);
    bytes[8..].copy_from_slice(&field);
    Some(RecordKey::from_bytes(bytes))
}

/// Numbers, such that the first byte that differs says which is greater.
pub(super) fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// How long a server has to keep a record, in milliseconds. It is the difference that counts: the server's clock may stand anywhere.
pub(super) fn ttl(record: &Record, now: Timestamp) -> String {
    let left = (record.expires_at.as_millis()).saturating_sub(now.as_millis());
    left.min(LONGEST).to_string()
}

pub(super) fn write(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_LEN + UserKey::LEN + record.content.len());
    bytes.push(FORMAT);
    bytes.extend(number(record.version));
    bytes.extend(number(record.expires_at.as_millis()));
    match &record.user {
        Some(user) => {
            bytes.push(1);
            bytes.extend(user.as_bytes());
        }
        None => bytes.push(0),
    }
    bytes.extend(&record.content);
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<Record, Failure> {
    try_read(bytes).ok_or_else(unreadable)
}

/// What is there was written by something else, or cut off.
pub(super) fn unreadable() -> Failure {
    Failure::refused("there is a record that cannot be read")
}

fn try_read(bytes: &[u8]) -> Option<Record> {
    let (format, rest) = bytes.split_first()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (expires_at, rest) = rest.split_first_chunk()?;
    let (has_user, rest) = rest.split_first()?;
    let (user, content) = match has_user {
        0 => (None, rest),
        1 => {
            let (user, content) = rest.split_first_chunk()?;
            (Some(UserKey::from_bytes(*user)), content)
        }
        _ => return None,
    };
    (*format == FORMAT).then(|| Record {
        user,
        expires_at: Timestamp::from_millis(u64::from_be_bytes(*expires_at)),
        version: u64::from_be_bytes(*version),
        content: content.to_vec(),
    })
}

/// The records of a whole group, from fields and values by turns.
pub(super) fn read_group(
    group: [u8; 8],
    fields: &[Value],
) -> Result<Vec<(RecordKey, Record)>, Failure> {
    let mut records = Vec::with_capacity(fields.len() / 2);
    for pair in fields.chunks(2) {
        let [Value::BulkString(field), Value::BulkString(value)] = pair else {
            return Err(Failure::unexpected());
        };
        if let Some(key) = key(group, field) {
            records.push((key, read(value)?));
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(user: Option<UserKey>, content: &[u8]) -> Record {
        Record {
            user,
            expires_at: Timestamp::from_millis(u64::MAX - 1),
            version: u64::MAX,
            content: content.to_vec(),
        }
    }

    #[test]
    fn records_come_back_as_they_went() {
        for user in [None, Some(UserKey::from_bytes([0xff; 32]))] {
            for content in [&b""[..], b"\0\xff{}\r\n$-1\r\n", &[7; 100]] {
                let record = record(user, content);
                assert_eq!(read(&write(&record)).unwrap(), record);
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_not_read() {
        let whole = write(&record(Some(UserKey::from_bytes([1; 32])), b""));
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut other = whole.clone();
        other[0] = FORMAT + 1;
        assert!(read(&other).is_err());
        other = whole;
        other[HEAD_LEN - 1] = 2;
        assert!(read(&other).is_err());
    }

    /// The check value of CRC-16/XMODEM, and slots that a server has named.
    #[test]
    fn slots_are_those_of_clusters() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot([0; 8]), 4083);
        assert_eq!(
            slot([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]),
            10_405
        );
    }

    #[test]
    fn times_to_live_are_differences() {
        let at = Timestamp::from_millis;
        let until = |expires_at| Record {
            expires_at: at(expires_at),
            ..record(None, b"")
        };
        assert_eq!(ttl(&until(61_000), at(1_000)), "60000");
        assert_eq!(ttl(&until(1_000), at(1_000)), "0");
        assert_eq!(ttl(&until(1_000), at(2_000)), "0");
        assert_eq!(ttl(&until(u64::MAX), at(0)), LONGEST.to_string());
    }
}
