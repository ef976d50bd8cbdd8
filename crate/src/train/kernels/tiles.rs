//! The update of weight matrices, cut into tiles, each a workgroup's: sums of products of rows of activations and gradients. Not here:
//! which matrices a model has (`plan`).

/// Edge of a tile.
const EDGE: usize = 32;

/// What a tile's rows of `x` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Activations.
    Matrix = 0,
    /// 1 at the row's token.
    Tokens = 1,
    /// 1 at the row's position.
    Positions = 2,
    /// Normalised activations that are multiplied with the gradient one by one: the weights of a norm.
    Norm = 3,
}

/// A weight matrix `[inner, columns]`, and the rows that its gradient is made of: the sum of `x[k] y[n]`.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    pub kind: Kind,
    /// Where the rows of `x` and `y` begin in a sequence's part of the activations, and how long they are.
    pub x: [usize; 2],
    pub y: [usize; 2],
    /// Rows in a sequence.
    pub rows: usize,
    pub inner: usize,
    pub columns: usize,
    pub weight: u32,
    /// Columns in a block; heads' matrices are stored in blocks.
    pub wide: usize,
    pub bias: u32,
}

/// Words of a tile in the shader's table.
pub const TILE_WORDS: usize = 13;

/// The tiles of a product.
pub fn tiles(product: &Product) -> Vec<[u32; TILE_WORDS]> {
    let Product { kind, x, y, rows, inner, columns, weight, wide, bias } = *product;
    let [x, x_stride, y, y_stride, rows, inner_size, columns_size, wide] =
        [x[0], x[1], y[0], y[1], rows, inner, columns, wide].map(|value| value as u32);
    let starts = |size: usize| (0..size).step_by(EDGE).map(|start| start as u32);
    let downwards = if kind == Kind::Norm { 1 } else { inner };
    let tile = |k, n| [kind as u32, x, x_stride, y, y_stride, rows, inner_size, columns_size, weight, wide, bias, k, n];
    starts(downwards).flat_map(|k| starts(columns).map(move |n| tile(k, n))).collect()
}

/// A matrix that is stored as a whole.
pub fn matrix(x: [usize; 2], y: [usize; 2], rows: usize, weight: u32, bias: u32) -> Product {
    Product { kind: Kind::Matrix, x, y, rows, inner: x[1], columns: y[1], weight, wide: y[1], bias }
}
