//! A small model's weights packed into a text: float16 in the layout's order, deflated, as base64url without padding.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use half::f16;

use crate::config::{MAX_PACKED, ModelConfig};
use crate::error::{Error, Result};
use crate::model::Layout;

/// Packs all parameters of a model, rounded to float16.
///
/// # Errors
/// If the text would be too long for a link, or if a weight is NaN or too large for float16.
pub fn pack_weights(parameters: &[f32]) -> Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    for value in parameters {
        let rounded = f16::from_f32(*value);
        if !rounded.is_finite() {
            return Err(Error::new(format!("A weight is {value}; a link holds weights of up to 65504 in magnitude.")));
        }
        encoder.write_all(&rounded.to_le_bytes()).map_err(failed)?;
    }
    let packed = URL_SAFE_NO_PAD.encode(encoder.finish().map_err(failed)?);
    if packed.len() > MAX_PACKED {
        let (size, most) = (packed.len().div_ceil(1000), MAX_PACKED / 1000);
        return Err(Error::new(format!(
            "The weights take {size} KB of a link; it can hold {most} KB of them. Share the model's file instead."
        )));
    }
    Ok(packed)
}

/// The parameters that a text packs, `[parameters]`, for a model of this configuration.
///
/// # Errors
/// If the text is damaged, or packs another number of parameters.
pub fn unpack_weights(packed: &str, model: &ModelConfig) -> Result<Vec<f32>> {
    let damaged = || Error::new("weights can't be unpacked; they must be deflated float16 in base64url.");
    if packed.len() > MAX_PACKED {
        return Err(Error::new(format!("weights has {} characters; it can have {MAX_PACKED}.", packed.len())));
    }
    let deflated = URL_SAFE_NO_PAD.decode(packed).map_err(|_| damaged())?;
    let wanted = 2 * Layout::new(model).len();
    // One more byte than wanted is read, to see whether there is more. One byte of deflate gives at most 1032, which
    // limits the allocation if the configuration is far larger than what was packed.
    let mut bytes = Vec::with_capacity((wanted + 1).min(1032 * deflated.len() + 1));
    DeflateDecoder::new(&deflated[..]).take(wanted as u64 + 1).read_to_end(&mut bytes).map_err(|_| damaged())?;
    if bytes.len() != wanted {
        let held = if bytes.len() > wanted { "more".into() } else { (bytes.len() / 2).to_string() };
        return Err(Error::new(format!(
            "weights holds {held} numbers; the model of this link has {} parameters.",
            wanted / 2
        )));
    }
    let values: Vec<f32> = bytes.as_chunks().0.iter().map(|pair| f16::from_le_bytes(*pair).to_f32()).collect();
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error::new(format!("weights holds {value}; every weight must be a number."))),
        None => Ok(values),
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::new(format!("The weights could not be packed: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use serde_json::json;

    fn small() -> ModelConfig {
        let partial = json!({ "task": { "list_length": 3, "max_value": 10 }, "model": { "d_model": 16 } });
        Experiment::resolve(&partial).unwrap().model
    }

    #[test]
    fn unpacked_weights_are_the_rounded_ones() {
        let model = small();
        let values: Vec<f32> = (0..Layout::new(&model).len()).map(|n| (n as f32 * 0.37).sin()).collect();
        let packed = pack_weights(&values).unwrap();
        let back = unpack_weights(&packed, &model).unwrap();
        assert!(values.iter().zip(&back).all(|(a, b)| (a - b).abs() <= a.abs() / 1024.0));
        assert_eq!(pack_weights(&back).unwrap(), packed);
    }

    #[test]
    fn a_large_model_is_refused_with_its_size() {
        let values: Vec<f32> = (0..84_803).map(|n| (n as f32 * 12.9898).sin() * 0.1).collect();
        let message = pack_weights(&values).unwrap_err().to_string();
        assert!(message.contains("KB of a link; it can hold 32 KB"), "{message}");
        assert!(pack_weights(&[1e6]).is_err() && pack_weights(&[f32::NAN]).is_err());
    }

    #[test]
    fn a_wrong_length_a_bomb_and_infinity_are_refused() {
        let model = small();
        let length = Layout::new(&model).len();
        let refused = |text: &str| unpack_weights(text, &model).unwrap_err().to_string();
        assert!(refused(&pack_weights(&vec![0.5; length - 1]).unwrap()).contains("the model of this link has"));
        assert!(refused(&pack_weights(&vec![0.0; 4_000_000]).unwrap()).contains("holds more numbers"));
        assert!(refused("!!!!").contains("can't be unpacked"));
        assert!(refused(&URL_SAFE_NO_PAD.encode([7; 40])).contains("can't be unpacked"));
        let mut bytes = vec![0u8; 2 * length];
        bytes[1] = 0x7c; // infinity
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).unwrap();
        assert!(refused(&URL_SAFE_NO_PAD.encode(encoder.finish().unwrap())).contains("every weight must be a number"));
    }
}
