//! From a file to a model: which layout its names have, what its configuration is, and every parameter in its place.
//!
//! Not here: reading bytes. A file's record of its configuration goes before what the shapes say, and the caller before both.

mod layouts;
mod record;
mod task;

use serde_json::{Map, Value};

use layouts::Mapped;

use super::visible::visible;
use super::{Checkpoint, Opened, Source, read};
use crate::error::{Error, Result};
use crate::experiment::resolve_model;
use crate::model::Layout;

/// Opens a checkpoint of any kind that [`super::read`] reads. `given` is a partial model configuration, which goes before
/// what the file says.
///
/// # Errors
/// If the bytes can't be read, are not a transformer that [`ModelConfig`](crate::config::ModelConfig) can describe, or their shapes do not fit the configuration.
pub fn open(bytes: &[u8], given: &Map<String, Value>) -> Result<Opened> {
    // What stands in the file ends on a page: in errors, and in notes.
    let mut opened = assembled(bytes, given).map_err(|error| Error::new(visible(&error.to_string())))?;
    opened.source.notes.iter_mut().for_each(|note| *note = visible(note));
    Ok(opened)
}

fn assembled(bytes: &[u8], given: &Map<String, Value>) -> Result<Opened> {
    let Checkpoint { format, tensors, records, mut notes } = read(bytes)?;
    let mut stated = record::fields(&records, &mut notes)?;
    stated.extend(given.clone());
    let Mapped { layout, tensors, mut fields } = layouts::recognise(tensors, &stated, &mut notes)?;
    notes.extend(layouts::guesses(&tensors, &mut fields, &stated));
    // What the file's own record leaves out, its shapes say.
    for (field, value) in &stated {
        fields.insert(field.clone(), value.clone());
    }
    let config = resolve_model(Value::Object(fields)).map_err(|errors| {
        Error::new(format!(
            "This model can't be built from the file's configuration: {}",
            crate::config::describe(&errors)
        ))
    })?;
    let parameters = layouts::assemble(&Layout::new(&config), tensors, &mut notes)?;
    let (task, mut train) = task::settings(&records, &config, &mut notes);
    task::fit_batch(&config, &task, &mut train, &mut notes);
    Ok(Opened { config, parameters, source: Source { format: format!("{format}, {layout}"), notes }, task, train })
}
