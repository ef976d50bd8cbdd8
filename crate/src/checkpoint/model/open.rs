//! From a file to a model: which layout its tensors have, what its configuration is, and every parameter in its place.

use serde_json::{Map, Value};

use super::assemble::assemble;
use super::conversions::{Converted, recognise};
use super::guesses::guess;
use super::{configuration, task};
use crate::checkpoint::formats::{Checkpoint, read, sentence};
use crate::checkpoint::opened::{Opened, Source};
use crate::error::{Error, Result};
use crate::experiment::resolve_model;
use crate::model::Layout;

/// Opens a checkpoint of any kind that [`read`] reads. `given` is a partial model configuration. It goes before the
/// file's own record of its configuration, and that before what the shapes say.
///
/// # Errors
/// If the bytes cannot be read, are not a transformer that [`ModelConfig`](crate::config::ModelConfig) can describe, or
/// their shapes do not fit the configuration.
pub fn open(bytes: &[u8], given: &Map<String, Value>) -> Result<Opened> {
    let mut opened = opened(read(bytes)?, given).map_err(|error| Error::new(sentence(&error.to_string())))?;
    opened.source.notes.iter_mut().for_each(|note| *note = sentence(note));
    Ok(opened)
}

fn opened(checkpoint: Checkpoint, given: &Map<String, Value>) -> Result<Opened> {
    let Checkpoint { format, tensors, metadata, mut notes } = checkpoint;
    let mut stated = configuration::fields(&metadata, &mut notes)?;
    stated.extend(given.clone());
    let Converted { layout, tensors, mut fields } = recognise(tensors, &mut stated, &mut notes)?;
    notes.extend(guess(&tensors, &mut fields, &stated));
    fields.extend(stated);
    let config = resolve_model(Value::Object(fields)).map_err(|errors| {
        Error::new(format!(
            "This model can't be built from the file's configuration: {}",
            crate::config::describe(&errors)
        ))
    })?;
    let parameters = assemble(&Layout::new(&config), tensors, &mut notes)?;
    let (task, mut train) = task::settings(&metadata, &config, &mut notes);
    task::fit_batch(&config, &task, &mut train, &mut notes);
    Ok(Opened { config, parameters, source: Source { format: format!("{format}, {layout}"), notes }, task, train })
}
