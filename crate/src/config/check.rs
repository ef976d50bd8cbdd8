//! Checks a value against its row of the table of settings.

use serde_json::{Value, json};

use super::ConfigError;
use super::setting::{Kind, Setting};

/// `value` in the form in which the setting stores it.
///
/// # Errors
/// If the setting does not accept the value. The message names the field, the value, and what would be accepted.
pub fn check(setting: &Setting, value: &Value) -> Result<Value, ConfigError> {
    let accepted = match (setting.kind, value) {
        (_, Value::Null) if setting.optional => Some(Value::Null),
        (Kind::Integer { min, max }, Value::Number(number)) => {
            let whole = number.as_u64().or_else(|| {
                number.as_f64().filter(|x| x.fract() == 0.0 && *x >= 0.0 && *x < 2f64.powi(53)).map(|x| x as u64)
            });
            whole.filter(|x| (min..=max).contains(x)).map(|x| json!(x))
        }
        (Kind::Real { min, max, .. }, Value::Number(number)) => {
            number.as_f64().filter(|x| (min..=max).contains(x)).map(|x| json!(x))
        }
        (Kind::Boolean, Value::Bool(_)) => Some(value.clone()),
        (Kind::Choice(names), Value::String(name)) => names.contains(&name.as_str()).then(|| value.clone()),
        (Kind::Integers { max, most }, Value::Array(list)) => {
            let whole = |number: &Value| number.as_u64().filter(|number| *number <= max);
            let list: Option<Vec<u64>> = if list.len() <= most { list.iter().map(whole).collect() } else { None };
            list.filter(|list| !list.is_empty()).map(|list| json!(list))
        }
        (Kind::Text { read, .. }, Value::String(text)) => read(text).map(Value::String),
        (Kind::Texts { most, .. }, Value::Array(list)) if list.len() <= most => {
            let items = list.iter().map(|item| check_item(setting, item.as_str().unwrap_or("")));
            return Ok(Value::Array(items.map(|item| item.map(Value::String)).collect::<Result<_, _>>()?));
        }
        _ => None,
    };
    accepted.ok_or_else(|| {
        ConfigError::new(
            setting.path,
            format!("{} is {}; it must be {}.", setting.path, shown(value), setting.accepts()),
        )
    })
}

/// One item of a setting of kind [`Kind::Texts`], in its canonical form.
///
/// # Errors
/// If the text is not of the setting's form; the message is as in [`check`].
pub fn check_item(setting: &Setting, text: &str) -> Result<String, ConfigError> {
    let item = if let Kind::Texts { read, .. } = setting.kind { read(text) } else { None };
    let message = || format!("{} has {}; it can have {}.", setting.path, shown(&json!(text)), setting.accepts());
    item.ok_or_else(|| ConfigError::new(setting.path, message()))
}

impl Setting {
    /// What the setting accepts, worded as the end of a sentence.
    pub fn accepts(&self) -> String {
        let or_null = if self.optional { ", or null (none)" } else { "" };
        match self.kind {
            Kind::Integer { min, max } => format!("a whole number from {min} to {max}{or_null}"),
            Kind::Real { min, max, .. } => format!("a number from {min} to {max}{or_null}"),
            Kind::Boolean => "true or false".into(),
            Kind::Choice(names) => format!("one of {}{or_null}", names.join(", ")),
            Kind::Integers { max, most } => format!("1 to {most} whole numbers from 0 to {max}"),
            Kind::Text { form, .. } => format!("{form}{or_null}"),
            Kind::Texts { form, most, .. } => format!("up to {most} items, each {form}"),
        }
    }
}

/// A value as JSON, cut off after 40 characters.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { text.chars().take(40).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::table::setting;
    use super::*;

    fn row(path: &str) -> &'static Setting {
        setting(path).expect("a path of the table")
    }

    #[test]
    fn an_error_names_the_field_the_value_and_the_range() {
        let error = check(row("task.list_length"), &json!(0)).unwrap_err();
        assert_eq!(error.path, "task.list_length");
        assert_eq!(error.message, "task.list_length is 0; it must be a whole number from 1 to 50.");
    }

    #[test]
    fn both_ends_of_a_range_are_accepted_and_values_beyond_are_not() {
        let row = row("model.n_heads");
        for good in [1, 64] {
            assert_eq!(check(row, &json!(good)), Ok(json!(good)));
        }
        for bad in [json!(65), json!(-1), json!(1.5), json!("2"), json!(null), json!([1]), json!(1e300)] {
            assert!(check(row, &bad).is_err(), "{bad}");
        }
        assert_eq!(check(row, &json!(2.0)), Ok(json!(2)));
    }

    #[test]
    fn null_is_accepted_only_by_optional_settings() {
        assert_eq!(check(row("train.num_samples"), &Value::Null), Ok(Value::Null));
        assert!(check(row("train.batch_size"), &Value::Null).is_err());
    }
}
