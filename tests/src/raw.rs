//! A client that sends any bytes: others refuse to send what attackers send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes, and reads the answer, which may come before all of them are sent.
///
/// # Panics
///
/// If there is no answer.
pub async fn send(to: SocketAddr, request: &[u8]) -> Raw {
    let stream = TcpStream::connect(to).await.expect("a connection");
    let (mut from, mut to) = stream.into_split();
    let is_head = request.starts_with(b"HEAD ");
    let request = request.to_vec();
    let writing = tokio::spawn(async move {
        // The site may close the connection once it has answered.
        let _ = to.write_all(&request).await;
        to
    });
    let mut received = Vec::new();
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(answer) = Raw::whole(&received, is_head) {
                return answer;
            }
            let length = from.read(&mut buffer).await.unwrap_or_default();
            assert!(
                length > 0,
                "no answer but {:?}",
                String::from_utf8_lossy(&received)
            );
            received.extend(&buffer[..length]);
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), reading);
    let answer = answer
        .await
        .expect("an answer, whether the body comes or not");
    writing.abort();
    answer
}

/// An answer, as it came.
#[derive(Debug)]
pub struct Raw {
    /// Its status.
    pub status: u16,
    /// Status line and fields.
    pub head: String,
    /// As much of a body as it says.
    pub body: Vec<u8>,
}

impl Raw {
    /// The answer, once it is there with as much of a body as it says. To a HEAD there is none.
    fn whole(received: &[u8], is_head: bool) -> Option<Self> {
        let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&received[..end])
            .expect("an ASCII head")
            .to_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Self {
            status: status.expect("a status"),
            head,
            body: received[end + 4..].to_vec(),
        };
        let length = answer.field("content-length").filter(|_| !is_head);
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        if answer.body.len() < length {
            return None;
        }
        answer.body.truncate(length);
        Some(answer)
    }

    /// The values of the fields of a name.
    pub fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let named = fields.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value).collect()
    }

    /// The value of the first field of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).first().copied()
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The body, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body.
    ///
    /// # Panics
    ///
    /// If it is not this JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}
