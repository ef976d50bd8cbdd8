//! The list that a page shows until somebody types another.

/// The notebook's.
const NOTEBOOK: [usize; 5] = [6, 2, 59, 50, 20];

/// A list of `length` different numbers (as far as there are so many) from `min` to below `max`: the notebook's where
/// it fits.
pub(crate) fn example(length: usize, min: usize, max: usize) -> Vec<usize> {
    let span = max.saturating_sub(min).max(1);
    let mut list = Vec::with_capacity(length);
    for place in 0..length {
        // 37: an odd stride, so that made-up numbers look shuffled.
        let wish = NOTEBOOK.get(place).copied().unwrap_or(37 * place + 11) % span;
        let number = (0..span).map(|further| min + (wish + further) % span).find(|number| !list.contains(number));
        list.push(number.unwrap_or(min + wish));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_notebooks_where_that_fits_and_else_within_the_range() {
        assert_eq!(example(5, 0, 64), [6, 2, 59, 50, 20]);
        assert_eq!(example(3, 0, 64), [6, 2, 59]);
        assert_eq!(example(4, 10, 12), [10, 11, 11, 10]);
        let long = example(50, 5, 60);
        assert!(long.iter().all(|number| (5..60).contains(number)));
        assert_eq!(long.iter().collect::<std::collections::BTreeSet<_>>().len(), 50);
        assert_eq!(example(2, 7, 7), [7, 7]);
    }
}
