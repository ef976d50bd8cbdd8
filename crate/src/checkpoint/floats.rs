//! safetensors files of float32 tensors, as this program writes them: the length of a header, the header in JSON, the
//! values. Other people's files are opened by `read`, which knows every type of element and trusts no file.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// The header's entry that maps texts to texts.
const METADATA: &str = "__metadata__";

/// The values begin at a multiple of so many bytes.
const ALIGNMENT: usize = 8;

/// The bytes of a file with texts as metadata, and with tensors by name, shape and values.
pub fn write(metadata: &[(&str, String)], tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let texts = metadata.iter().map(|(key, text)| ((*key).to_string(), Value::from(text.as_str())));
    let mut header = Map::from_iter([(METADATA.to_string(), Value::Object(texts.collect()))]);
    let mut end = 0;
    for &(name, shape, values) in tensors {
        let start = end;
        end += size_of_val(values);
        header.insert(name.into(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] }));
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.reserve(header.len() + end);
    bytes.extend(header);
    bytes.extend(tensors.iter().flat_map(|(_, _, values)| *values).flat_map(|value| value.to_le_bytes()));
    bytes
}

/// A file that [`write`] made.
#[derive(Debug)]
pub struct Floats<'a> {
    header: Map<String, Value>,
    data: &'a [u8],
}

impl<'a> Floats<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// If the bytes do not begin with a header.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let parts = bytes
            .split_first_chunk::<8>()
            .and_then(|(length, rest)| rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?));
        let (header, data) = parts.ok_or_else(|| Error::new("they do not begin with a header of safetensors"))?;
        let header = serde_json::from_slice(header);
        Ok(Self { header: header.map_err(|error| Error::new(format!("their header is damaged: {error}")))?, data })
    }

    /// A text of the metadata; `None` if there is none of this name.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.header.get(METADATA)?.get(key)?.as_str()
    }

    /// The values of a tensor of this shape.
    ///
    /// # Errors
    /// If there is no tensor of this name, or it has another shape or type; if its values are not all there.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry = self.header.get(name).ok_or_else(|| Error::new(format!("the tensor {name} is missing")))?;
        if entry["dtype"] != "F32" || entry["shape"] != json!(shape) {
            return Err(Error::new(format!(
                "{name} is {} of shape {}, and F32 of shape {shape:?} is needed",
                entry["dtype"], entry["shape"]
            )));
        }
        let offset = |at: usize| usize::try_from(entry["data_offsets"][at].as_u64()?).ok();
        let bytes = offset(0).zip(offset(1)).and_then(|(start, end)| self.data.get(start..end));
        match bytes.map(<[u8]>::as_chunks::<4>) {
            Some((values, [])) if values.len() == shape.iter().product::<usize>() => {
                Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
            }
            _ => Err(Error::new(format!("the values of {name} are not all there"))),
        }
    }
}
