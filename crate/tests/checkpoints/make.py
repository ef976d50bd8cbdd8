"""Writes the small checkpoints beside this file, and expected.json with what Python says is in them.

    python make.py

with Python 3.11, torch 2.15.0, numpy 2.4.6, ml_dtypes 0.6.0, safetensors 0.8.0 and transformer-lens 3.9.0. The files are for the readers' tests
and the fuzzer's seeds, so each is as small as it can be. Storage keys of older formats are memory addresses: a second run
writes different bytes with the same content.
"""

import base64, collections, copyreg, dataclasses, enum, io, json, math, pathlib, pickle, pickletools, struct, sys, types, warnings, zipfile, zlib

import ml_dtypes
import numpy as np
import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
torch.manual_seed(0)
expected = {"contents": {}, "files": {}}

# Classes of a module that does not exist when the files are read.
tiny = types.ModuleType("tiny")
sys.modules["tiny"] = tiny
exec(
    '''
import dataclasses, enum, torch
from torch import nn

class Act(enum.Enum):
    RELU = "relu"

@dataclasses.dataclass
class Config:
    d_model: int = 4
    n_heads: int = 1
    eps: float = 1e-5
    name: str = "tiny"
    act_fn: object = Act.RELU
    attn_only: bool = True
    d_mlp: object = None
    attn_types: tuple = ("global", "local")
    dtype: object = torch.float32
    device: object = torch.device("cpu")
    second: object = torch.device("cuda", 1)
    scale: float = float("inf")
    seed: int = 2**80
    losses: object = dataclasses.field(default_factory=lambda: [0.5] * 65)

class Slots:
    __slots__ = ("lr", "steps")
    def __init__(self):
        self.lr, self.steps = 0.1, 7

class Attention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.W_Q = nn.Parameter(torch.randn(1, 4, 2))
        self.register_parameter("b_Q", None)
        self.register_buffer("mask", torch.ones(3, 3).tril().bool())
        self.register_buffer("IGNORE", torch.tensor(-torch.inf))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.register_buffer("complex", torch.zeros(2, dtype=torch.complex64))

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.cfg = Config()
        self.blocks = nn.ModuleList([Attention(self.cfg), Attention(self.cfg)])
        self.blocks.append(self.blocks[0])
        self.unembed = nn.Linear(4, 3)
        self.unembed.half()
        self.nothing = None
        self.register_module("empty", None)
''',
    tiny.__dict__,
)

# What must be kept of a Config: scalars and short lists only.
CONFIG = {
    "d_model": 4, "n_heads": 1, "eps": 1e-5, "name": "tiny", "act_fn": "relu", "attn_only": True, "d_mlp": None,
    "attn_types": ["global", "local"], "dtype": "float32", "device": "cpu", "second": "cuda:1", "scale": "inf", "seed": str(2**80),
}  # fmt: skip


def number(x):
    return x if math.isfinite(x) else str(x)


def described(tensor):
    tensor = tensor.detach()
    values = tensor.to(torch.float32).reshape(-1).tolist()
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch."), "values": [number(x) for x in values]}


def content(name, state):
    expected["contents"][name] = [{"name": key, **described(value)} for key, value in state.items()]


def write(file, data, content, format, metadata=(), notes=()):
    (HERE / file).write_bytes(data)
    expected["files"][file] = {"content": content, "format": format, "metadata": list(metadata), "notes": list(notes)}


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def legacy(value, **options):
    return saved(value, _use_new_zipfile_serialization=False, **options)


def without_sources(value):
    """The older format copies the sources of module classes into the file, with their paths on this machine."""

    def none(_):
        raise OSError

    original, torch.serialization.get_source_lines_and_file = torch.serialization.get_source_lines_and_file, none
    try:
        return legacy(value)
    finally:
        torch.serialization.get_source_lines_and_file = original


def entries(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # Python's reader takes names from the directory, as ours does.
        return {info.filename: archive.read(info) for info in archive.infolist()}


def zipped(parts, deflate=False, zip64=False, date=0, crc=True):
    """A zip file by hand, for what Python's writer never does."""
    out, directory = b"", b""
    for name, data in parts.items():
        name = name.encode()
        packed = zlib.compress(data, 9)[2:-4] if deflate else data
        check = zlib.crc32(data) if crc else 0
        method, sizes = (8 if deflate else 0), (len(packed), len(data))
        extra = struct.pack("<HHQQ", 1, 16, len(data), len(packed)) if zip64 else b""
        wide = struct.pack("<HHQQQ", 1, 24, len(data), len(packed), len(out)) if zip64 else b""
        short = (0xFFFFFFFF, 0xFFFFFFFF) if zip64 else sizes
        head = struct.pack("<HHHIIII", 45, 0x800, method, date, check, *short)
        directory += b"PK\1\2" + struct.pack("<H", 45) + head + struct.pack("<HHHHHII", len(name), len(wide), 0, 0, 0, 0, 0xFFFFFFFF if zip64 else len(out)) + name + wide  # fmt: skip
        out += b"PK\3\4" + head + struct.pack("<HH", len(name), len(extra)) + name + extra + packed
    start, count = len(out), len(parts)
    out += directory
    if zip64:
        end = len(out)
        out += b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(directory), start)
        out += b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
        return out + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return out + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)


def swapped(value, parts):
    """The same entries as a big-endian machine writes them."""
    sizes = [tensor.element_size() for tensor in value.values()]
    out = {}
    for name, data in parts.items():
        key = name.rsplit("/", 1)[-1]
        if name.endswith("/byteorder"):
            data = b"big"
        elif "/data/" in name:
            size = sizes[int(key)]
            data = b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))
        out[name] = data
    return out


# --- The contents ---

base = collections.OrderedDict(
    [
        ("embed.W_E", torch.randn(5, 4)),
        ("blocks.0.attn.W_Q", torch.randn(1, 4, 2)),
        ("blocks.0.attn.mask", torch.ones(3, 3).tril().bool()),
        ("blocks.0.attn.IGNORE", torch.tensor(-torch.inf)),
        ("unembed.b_U", torch.tensor([0.0, -0.0, 1e-45, 3.4e38])),
    ]
)
content("base", base)

kinds = {
    str(dtype).removeprefix("torch."): torch.tensor([[0, 1, 2], [3, 100, 127]]).to(dtype)
    for dtype in [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
}  # fmt: skip
kinds["float64"] = torch.tensor([math.pi, -1e-50, 1e30], dtype=torch.float64)
kinds["float16"] = torch.tensor([65504.0, 6e-8, -0.1]).half()
kinds["bfloat16"] = torch.tensor([3.3e38, -1.01, 1e-40]).bfloat16()
kinds["int64"] = torch.tensor([-(2**62), 2**24 + 1, -1])
content("kinds", kinds)
unsigned = {
    "uint16": torch.tensor([1, 65535], dtype=torch.uint16),
    "uint32": torch.tensor([1, 2**32 - 1], dtype=torch.uint32),
    "uint64": torch.tensor([1, 2**53], dtype=torch.uint64),
}
content("unsigned", unsigned)

row = torch.arange(24, dtype=torch.float32)
views = {
    "whole": row.reshape(2, 3, 4),
    "transposed": row.reshape(2, 3, 4).permute(2, 0, 1),
    "offset": row[5:11],
    "stepped": row[1::3],
    "columns": row.reshape(6, 4)[:, 1:3],
    "expanded": row[3:5].reshape(2, 1).expand(2, 3),
    "one": row[7],
    "empty": row[:0].reshape(0, 3),
    "alone": torch.tensor([[[42.0]]]),
}
content("views", views)

# --- Pickles ---

whole = {"model": base, "cfg": tiny.Config(), "train_cfg": tiny.Slots(), "epoch": 3}
METADATA = [["cfg", CONFIG], ["train_cfg", {"lr": 0.1, "steps": 7}], ["metadata", {"epoch": 3}]]
for protocol in range(6):
    slots = protocol >= 2  # Objects with __slots__ need protocol 2.
    value = whole if slots else {key: value for key, value in whole.items() if key != "train_cfg"}
    metadata = METADATA if slots else [METADATA[0], METADATA[2]]
    write(f"pickle{protocol}.pkl", pickle.dumps(value, protocol=protocol), "base", "pickle", metadata)
    write(f"kinds{protocol}.pkl", pickle.dumps(kinds, protocol=protocol), "kinds", "pickle")
write("unsigned.pkl", pickle.dumps(unsigned), "unsigned", "pickle")
write("views.pkl", pickle.dumps(views), "views", "pickle")


class ByPairs(pickle.Pickler):
    """OrderedDicts as Python 2 wrote them: made from a list of pairs."""

    def reducer_override(self, value):
        if type(value) is collections.OrderedDict:
            return collections.OrderedDict, ([[key, item] for key, item in value.items()],)
        return NotImplemented


pairs = io.BytesIO()
ByPairs(pairs, 2).dump(base)
write("pairs.pkl", pairs.getvalue(), "base", "pickle")

params = {key: torch.nn.Parameter(value) for key, value in base.items() if value.is_floating_point()}
params["embed.W_E"].note = "an attribute"
content("params", params)
write("parameters.pkl", pickle.dumps(params, protocol=4), "params", "pickle")
write("parameters.pt", saved(params), "params", "torch.save (zip)")

arrays = {
    "float64": np.array([[1.5, -2.5, 3.0], [4.0, 5.0, 6.0]]),
    "big": np.array([1.5, -2.5], dtype=">f4"),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "int": np.array(7),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 2), dtype=np.float32),
}
content("arrays", {key: torch.tensor(value.astype(value.dtype.newbyteorder("="))) for key, value in arrays.items()})
numpy_metadata = [["cfg", {"half": 0.5, "one": 1, "yes": True, "far": "inf"}]]
numpy_cfg = {"half": np.float32(0.5), "one": np.int64(1), "yes": np.bool_(True), "far": np.float64("inf")}
for protocol in (0, 2, 5):
    data = pickle.dumps({"weights": arrays, "cfg": numpy_cfg}, protocol=protocol)
    write(f"numpy{protocol}.pkl", data, "arrays", "pickle", numpy_metadata)

# NumPy's own types have no bfloat16: JAX and others take ml_dtypes's.
brain = {"weights": np.array([[1.5, -2.25], [2.0**127, 2.0**-126]], dtype=ml_dtypes.bfloat16)}
content("brain", {"weights": torch.tensor(brain["weights"].astype(np.float32)).bfloat16()})
for protocol in (0, 4):
    data = pickle.dumps({"model": brain, "cfg": {"scale": ml_dtypes.bfloat16(-0.15625)}}, protocol=protocol)
    write(f"ml_dtypes{protocol}.pkl", data, "brain", "pickle", [["cfg", {"scale": -0.15625}]])

device = {"w": torch.arange(3.0)}
content("device", device)


class FromNumpy(pickle.Pickler):
    """Tensors of devices that PyTorch saves by way of NumPy (XLA, Ascend)."""

    def reducer_override(self, value):
        if isinstance(value, torch.Tensor):
            return torch._utils._rebuild_device_tensor_from_numpy, (value.numpy(), value.dtype, "cpu", False)
        return NotImplemented


from_numpy = io.BytesIO()
FromNumpy(from_numpy, 4).dump(device)
write("from_numpy.pkl", from_numpy.getvalue(), "device", "pickle")


def python2(data):
    """A pickle's texts as strings of Python 2, and its last OBJ and INST besides."""
    out, previous = b"", 0
    ops = list(pickletools.genops(data))
    for (op, arg, at), after in zip(ops, [at for _, _, at in ops[1:]] + [len(data)]):
        if op.name == "BINUNICODE" and len(arg) < 256 and arg.isascii():
            out += b"U" + bytes([len(arg)]) + arg.encode()
        elif op.name == "GLOBAL":
            out += b"c" + arg.replace(" ", "\n").replace("builtins", "__builtin__").encode() + b"\n"
        else:
            out += data[at:after]
    return out


def sections(data):
    """The pickles of a legacy file, and what follows them."""
    file = io.BytesIO(data)
    parts = []
    for _ in range(5):
        start = file.tell()
        for op, _, _ in pickletools.genops(file):
            pass
        parts.append(data[start : file.tell()])
    return parts, data[file.tell() :]


pickles, rest = sections(legacy(base))
write("python2.pt", b"".join(map(python2, pickles)) + rest, "base", "torch.save (legacy)")
settings = b"(i__main__\nSettings\n(dp0\nS'd_model'\np1\nI4\nsS'name'\nS'a\\'b\\\\c\\x41'\nsS'on'\nI01\nsS'lr'\nF0.1\nsS'big'\nL5L\nsb"
body = pickle.dumps(base, protocol=0)[:-1]
write(
    "instance.pkl",
    b"(dp100\nS'cfg'\n" + settings + b"sS'args'\n(c__main__\nArgs\no}S'n'\nI1\nsbsS'model'\n" + body + b"s.",
    "base",
    "pickle",
    [["cfg", {"d_model": 4, "name": "a'b\\cA", "on": True, "lr": 0.1, "big": 5}], ["args", {"n": 1}]],
)

# --- torch.save ---

for name, make, format in [("zip", saved, "torch.save (zip)"), ("legacy", legacy, "torch.save (legacy)")]:
    write(f"{name}.pt", make(base), "base", format)
    write(f"{name}_views.pt", make(views), "views", format)
    write(f"{name}_kinds.pt", make(kinds), "kinds", format)
    write(f"{name}_unsigned.pt", make(unsigned), "unsigned", format)
    write(f"{name}_cfg.pt", make(whole), "base", format, METADATA)
    write(f"{name}_protocol4.pt", make(base, pickle_protocol=4), "base", format)
write("legacy_protocol1.pt", legacy(base, pickle_protocol=1), "base", "torch.save (legacy)")
nested = {"epoch": 1, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}, "net": {"state_dict": base}}
write("nested.pt", saved(nested), "base", "torch.save (zip)", [["metadata", {"epoch": 1}]], ["optimizer"])
write("pair.pt", saved([base, tiny.Config()]), "base", "torch.save (zip)", [["config", CONFIG]], ["item 0"])
write("other_key.pt", saved({"agent": base, "config": {"n": 1}}), "base", "torch.save (zip)", [["config", {"n": 1}]], ["agent"])

parts = entries(saved(base))
write("zip_by_hand.pt", zipped(parts), "base", "torch.save (zip)")
write("zip_deflated.pt", zipped(parts, deflate=True), "base", "torch.save (zip)")
write("zip64.pt", zipped(parts, zip64=True), "base", "torch.save (zip)")
write("zip64_deflated.pt", zipped(parts, zip64=True, deflate=True), "base", "torch.save (zip)")
write("zip_dated.pt", zipped(parts, date=0x5A218000), "base", "torch.save (zip)")
write("zip_without_checksums.pt", zipped(parts, crc=False), "base", "torch.save (zip)")
write("zip_without_folder.pt", zipped({name.split("/", 1)[1]: data for name, data in parts.items()}), "base", "torch.save (zip)")
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, data in parts.items():
        with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
            entry.write(data)
write("zip_force_zip64.pt", file.getvalue(), "base", "torch.save (zip)")
write("zip_big_endian.pt", zipped(swapped(base, parts), deflate=True), "base", "torch.save (zip)")
write("kinds_big_endian.pt", zipped(swapped(kinds, entries(saved(kinds)))), "kinds", "torch.save (zip)")

# The oldest variant of the legacy format: a storage that is a part of another.
root = torch.arange(6, dtype=torch.float32)
parted = {"first": root[:2], "last": root[3:6]}
content("parted", parted)


class Part:
    def __init__(self, key, offset, size):
        self.id = ("storage", torch.FloatStorage, "root", "cpu", 6, (key, offset, size))


class Parts(pickle.Pickler):
    def persistent_id(self, value):
        return value.id if isinstance(value, Part) else None

    def reducer_override(self, value):
        if isinstance(value, torch.Tensor):
            part = Part(f"part{value.storage_offset()}", value.storage_offset(), len(value))
            return torch._utils._rebuild_tensor, (part, 0, tuple(value.shape), (1,))
        return NotImplemented


file = io.BytesIO()
for item in pickles[:3]:
    file.write(item)
Parts(file, 2).dump(parted)
pickle.dump(["root"], file, 2)
file.write(struct.pack("<q6f", 6, *root.tolist()))
write("legacy_parts.pt", file.getvalue(), "parted", "torch.save (legacy)")

# --- Whole modules ---

module = tiny.Tiny()
content("module", {key: value for key, value in module.state_dict().items() if not key.endswith("complex")})
left_out = ["complex", "complex", "complex"]
write("module.pt", zipped(entries(saved(module)), deflate=True), "module", "whole module, torch.save (zip)", [["cfg", CONFIG]], left_out)
write("module_legacy.pt", without_sources(module), "module", "whole module, torch.save (legacy)", [["cfg", CONFIG]], left_out)
write("module.pkl", pickle.dumps(module, protocol=4), "module", "whole module, pickle", [["cfg", CONFIG]], left_out)
under = zipped(entries(saved({"model": module, "step": 5})), deflate=True)
write("module_under_model.pt", under, "module", "whole module, torch.save (zip)", [["metadata", {"step": 5}], ["cfg", CONFIG]], left_out)

from transformer_lens import HookedTransformer, HookedTransformerConfig

lens_cfg = HookedTransformerConfig(
    d_model=4, n_layers=1, n_heads=1, d_head=4, n_ctx=3, d_vocab=5, act_fn="relu", attn_only=True, seed=42, normalization_type=None, device="cpu"
)  # fmt: skip
lens = HookedTransformer(lens_cfg)
content("lens", lens.state_dict())


def plain(value):
    """A field of a configuration as a record holds it; None with a mark if a record does not hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return True, value
    if isinstance(value, (float, np.floating)):
        return True, number(float(value))
    if isinstance(value, torch.dtype):
        return True, str(value).removeprefix("torch.")
    return False, None


lens_record = {key: plain(value)[1] for key, value in vars(lens_cfg).items() if plain(value)[0]}
write("lens.pt", zipped(entries(saved(lens)), deflate=True), "lens", "whole module, torch.save (zip)", [["cfg", lens_record]])
write("lens_cfg.pkl", pickle.dumps({"model": lens.state_dict(), "cfg": lens_cfg}), "lens", "pickle", [["cfg", lens_record]])

# --- safetensors and JSON ---

st = {key: value.contiguous() for key, value in base.items()}
content("sorted", dict(sorted(st.items(), key=lambda item: (-item[1].element_size(), item[0]))))
save_file(st, HERE / "plain.safetensors")
expected["files"]["plain.safetensors"] = {"content": "sorted", "format": "safetensors", "metadata": [], "notes": []}
metadata = {"format": "pt", "config": json.dumps({"d_model": 4, "eps": 1e-5, "nested": {"a": 1}})}
save_file(st, HERE / "metadata.safetensors", metadata=metadata)
expected["files"]["metadata.safetensors"] = {
    "content": "sorted", "format": "safetensors", "notes": [],
    "metadata": [["config", {"d_model": 4, "eps": 1e-5}], ["metadata", {"format": "pt"}]],
}  # fmt: skip
all_kinds = {**kinds, **unsigned}
save_file(all_kinds, HERE / "kinds.safetensors")
data = (HERE / "kinds.safetensors").read_bytes()
header = json.loads(data[8 : 8 + struct.unpack_from("<Q", data)[0]])
content("all_kinds", {key: all_kinds[key] for key in header if key != "__metadata__"})
expected["files"]["kinds.safetensors"] = {"content": "all_kinds", "format": "safetensors", "metadata": [], "notes": []}

floats = {key: value for key, value in base.items() if value.dtype == torch.float32 and value.isfinite().all()}
content("floats", floats)


def text(tensor, encode):
    return encode(tensor.numpy().tobytes()).decode()


def in_json(encode, key):
    return {name: {"shape": list(value.shape), key: text(value, encode)} for name, value in floats.items()}


config = {"d_model": 4, "act_fn": None}
for name, value, metadata in [
    ("base64", {"config": config, "state_dict": in_json(base64.b64encode, "data")}, [["config", config]]),
    ("urlsafe", {"cfg": config, "tensors": in_json(lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"="), "b64")}, [["cfg", config]]),
    ("top", in_json(base64.b64encode, "base64"), []),
    ("lists", {"cfg": config, "model": {name: value.tolist() for name, value in floats.items()}}, [["cfg", config]]),
    ("lists_top", {"cfg": config, "seed": 1, **{name: value.tolist() for name, value in floats.items()}}, [["cfg", config], ["metadata", {"seed": 1}]]),
]:  # fmt: skip
    write(f"{name}.json", json.dumps(value).encode(), "floats", "JSON", metadata)
typed = {
    name: {"dtype": name, "shape": list(value.shape), "data": base64.b64encode(value.contiguous().view(torch.uint8).numpy().tobytes()).decode()}
    for name, value in {**kinds, **unsigned}.items()
}  # fmt: skip
content("typed", {**kinds, **unsigned})
write("kinds.json", json.dumps({"model": typed}).encode(), "typed", "JSON")

(HERE / "expected.json").write_text(json.dumps(expected, indent=None, separators=(",", ":")).replace('"contents"', '\n"contents"').replace('},"', '},\n"'))
total = sum(path.stat().st_size for path in HERE.iterdir() if path.is_file())
print(len(expected["files"]), "files,", total, "bytes")
