//! Which values of a pack are not shown: those whose key says that they are secret.
//!
//! It is better to hide the name of a Secret than to show a password, so a part of the key is enough.

/// What stands instead of a secret.
pub const MASK: &str = "********";

/// What a key holds whose value is secret, in lower case and without `-`, `_` and `.`.
const WORDS: [&str; 7] = ["password", "token", "secret", "passwd", "passphrase", "apikey", "privatekey"];

/// Returns whether the value of this key must not be shown.
pub fn is_secret_key(key: &str) -> bool {
    let key: String = key.chars().filter(|one| !matches!(one, '-' | '_' | '.')).collect::<String>().to_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_that_their_values_are_secret() {
        for key in ["sshPassword", "adminPasswd", "API_KEY", "api-key", "private.key", "bearerToken", "clientSecret"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["replicas", "sshUsername", "key", "apiVersion", ""] {
            assert!(!is_secret_key(key), "{key}");
        }
    }
}
