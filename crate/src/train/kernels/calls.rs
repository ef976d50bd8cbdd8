//! Calls of the shader's functions, as the words that its table of them holds. Not here: which calls a model needs (`plan`).

/// A parameter or an optional argument that is not there: `NONE` in the shader.
pub const NONE: u32 = u32::MAX;

/// A function of the shader: the cases of `run` in `wgsl/entries.wgsl`, which say what its arguments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Function {
    Embed,
    FillZero,
    CopyRows,
    AddRows,
    PlaceRows,
    LinearForward,
    LinearBackward,
    NormForward,
    NormBackward,
    Rotate,
    Products,
    Softmax,
    SoftmaxBackward,
    OverSources,
    OverDestinations,
    Activate,
    ActivateBackward,
}

/// Words of a call: the function, and its arguments.
pub const CALL_WORDS: usize = 11;

/// A call of a function. Places count from where a sequence's part of the activations begins; float32 arguments are given by their bits.
pub type Call = [u32; CALL_WORDS];

pub const ONE: u32 = 1f32.to_bits();
pub const MINUS_ONE: u32 = (-1f32).to_bits();

/// A call of one of the shader's functions.
macro_rules! call {
    ($out:expr, $function:ident, $($argument:expr),*) => {
        $out.push($crate::train::kernels::calls::words($crate::train::kernels::calls::Function::$function, &[$($argument as u32),*]))
    };
}

/// The words of a call.
pub fn words(function: Function, arguments: &[u32]) -> Call {
    let mut call = [0; CALL_WORDS];
    call[0] = function as u32;
    call[1..=arguments.len()].copy_from_slice(arguments);
    call
}

pub(super) use call;
