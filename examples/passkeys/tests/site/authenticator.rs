//! An authenticator, and the browser's part of a ceremony: enough of the protocol to answer a challenge, honestly or not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// A person was there, and is who they should be.
const PRESENT_AND_VERIFIED: u8 = 0x05;
/// The passkey comes along.
const WITH_KEY: u8 = 0x40;

/// A device with one passkey.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    /// Whose passkey it is, as the site has said when it was made.
    user: String,
    /// The site that the browser says it is on.
    pub(crate) origin: String,
    /// What it says of whoever is there.
    pub(crate) flags: u8,
}

impl Authenticator {
    /// A new device, whose browser is on this site.
    pub(crate) fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let mut id = [0; 16];
        random.fill(&mut id).unwrap();
        Self {
            key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(),
            id,
            user: String::new(),
            origin: origin.to_owned(),
            flags: PRESENT_AND_VERIFIED,
        }
    }

    /// Makes the passkey that is asked for.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let user = options["user"]["id"].as_str().unwrap();
        user.clone_into(&mut self.user);
        let mut data = authenticator_data(&options["rp"]["id"], self.flags | WITH_KEY);
        data.extend([0; 16]); // what kind of device it is: it does not say
        data.extend([0, 16]);
        data.extend(self.id);
        // The public key as COSE has it: EC2, ES256, P-256, and both coordinates.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        // As CBOR: `{ "fmt": "none", "attStmt": {}, "authData": data }`.
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let response = json!({
            "attestationObject": encode(&attestation),
            "clientDataJSON": encode(&self.client_data("webauthn.create", options)),
        });
        self.credential(&response)
    }

    /// Answers a challenge with the passkey.
    pub(crate) fn get(&self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let data = authenticator_data(&options["rpId"], self.flags);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let response = json!({
            "authenticatorData": encode(&data),
            "clientDataJSON": encode(&client_data),
            "signature": encode(signature.as_ref()),
            "userHandle": self.user,
        });
        self.credential(&response)
    }

    /// Says that it is somebody else's.
    pub(crate) fn claim_to_be_of(&mut self, other: &Self) {
        self.user.clone_from(&other.user);
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn credential(&self, response: &Value) -> Value {
        json!({
            "id": encode(&self.id),
            "rawId": encode(&self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        })
    }
}

/// What the device says: of which site it is asked, and who was there.
fn authenticator_data(host: &Value, flags: u8) -> Vec<u8> {
    let mut data = digest(&SHA256, host.as_str().unwrap().as_bytes())
        .as_ref()
        .to_vec();
    data.push(flags);
    data.extend([0; 4]); // it does not count how often it was used, as most do not
    data
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
